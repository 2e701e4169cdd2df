"""One network on several designs: the lines are those of single runs, fitted to the device."""

import pytest
from designs import MAPPINGS, card_of

import mramsim as ms
from mramsim.comparison import COLUMNS, fitted


def test_designs_of_kilo_ohms_stay_as_they_are_on_the_device_they_were_made_for():
    device = ms.load_card("device", "stt_jung_nature_2022")
    for mapping in MAPPINGS:
        for key, value in fitted(device, card_of(mapping)).items():
            assert value == pytest.approx(getattr(card_of(mapping), key.partition(".")[2]))


def test_a_thousand_times_the_resistance_gets_gain_or_time():
    """P 13 MOhm, AP 26 MOhm."""
    values = {"rp_ohm": 1.0e7, "series_ohm": 3.0e6}
    device = ms.load_card("device", "stt_jung_nature_2022", values)
    changed = {mapping: fitted(device, card_of(mapping)) for mapping in MAPPINGS}
    assert changed["csum_1bit"] == {"mapping.readout_ohm": pytest.approx(2e6)}
    assert changed["pcsa_hirtzlin_nanoarch_2019"] == {
        "mapping.t_read_s": pytest.approx(2e-6),
        "mapping.bandwidth_hz": pytest.approx(5e5),
    }
    # 13 and 26 MOhm in parallel on 1.2 fF: 10.4 ns
    assert changed["charge_valavi_jssc_2019"] == {"mapping.t_read_s": pytest.approx(1.04e-7)}


def test_lines_are_those_of_single_runs():
    network = ms.find_network("pretrained:digits-mlp-512x2")
    seen = []
    names = ["csum_1bit", "rsum_jung_nature_2022"]
    lines = ms.compare_sensing(
        network, mappings=names, chips=1, images=20, threads=1, progress=seen.append
    )
    assert seen == lines
    assert [line.design for line in lines] == names * 2
    device = ms.load_card("device", lines[3].device)
    settings = fitted(device, card_of(names[1]))
    alone = ms.evaluate(
        network, device=device, mapping=names[1], chips=1, images=20, settings=settings
    )
    assert lines[3].accuracy == alone["accuracy"]
    assert lines[3].energy_j == alone["energy_j_per_image"]["total"]
    assert lines[3].latency_s == alone["latency_s_per_image"]["total"]
    assert lines[3].area_m2 == alone["area_m2"]["total"]
    table = ms.comparison_table(lines).splitlines()
    assert len(table) == 6
    assert all(len(row.split("|")) == len(COLUMNS) + 2 for row in table)
    assert f"{1e9 * lines[3].energy_j:.3g}" in table[5]

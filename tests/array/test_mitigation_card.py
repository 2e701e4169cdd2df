"""Keys of the mapping card against errors of the cells: what they allow."""

import pytest

import mramsim as ms
from mramsim.errors import InputError

CSUM, PCSA = "csum_deaville_jssc_2025", "pcsa_hirtzlin_nanoarch_2019"

WRONG = [
    (CSUM, {"trim_bits": 3}, "trim_range_counts"),
    (CSUM, {"trim_bits": 13, "trim_range_counts": 1.0}, "trim_bits"),
    (CSUM, {"trim_bits": -1}, "trim_bits"),
    (CSUM, {"trim_range_counts": -1.0}, "trim_range_counts"),
    (CSUM, {"trim_columns": 0}, "trim_columns"),
    (CSUM, {"calibration_reads": 0}, "calibration_reads"),
    (CSUM, {"calibration_inputs": "noise"}, "calibration_inputs"),
    (CSUM, {"threshold_calibration": 1}, "threshold_calibration"),
    (CSUM, {"write_attempts": 0}, "write_attempts"),
    (CSUM, {"remapping": "rows"}, "remapping"),
    (CSUM, {"remapping": "spares"}, "spare_columns = 0"),
    (CSUM, {"spare_columns": 4}, "spare_columns = 4 with remapping = 'none'"),
    (CSUM, {"spare_columns": 512, "remapping": "swap"}, "leaves none"),
    (CSUM, {"spare_columns": -1, "remapping": "swap"}, "spare_columns"),
    ("digital_li_natelec_2025", {"input_compensation": True}, "needs column_wire_ohm"),
    (PCSA, {"trim_bits": 3, "trim_range_counts": 1.0}, "no reference to trim"),
]


@pytest.mark.parametrize(("mapping", "values", "named"), WRONG)
def test_wrong_values_are_named(mapping, values, named):
    with pytest.raises(InputError, match=named) as caught:
        ms.load_card("mapping", mapping, values)
    assert "\n" not in str(caught.value)


def test_cards_measure_only_where_something_is_trimmed():
    assert not ms.load_card("mapping", CSUM).measures
    assert not ms.load_card("mapping", CSUM, {"calibration_reads": 5}).measures
    assert ms.load_card("mapping", PCSA, {"threshold_calibration": True}).measures
    card = ms.load_card("mapping", CSUM, {"trim_bits": 3, "trim_range_counts": 2.0})
    assert card.measures
    assert card.trim_step == 0.5

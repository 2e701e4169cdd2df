"""Estimate energy, latency and area of a network on each array design; no data needed."""

import mramsim as ms


def main() -> dict[str, float]:
    network = ms.find_network("pretrained:digits-mlp-512x2")
    totals = {}
    for mapping in ms.list_cards("mapping"):
        found = ms.estimate(network, device="stt_hirtzlin_nanoarch_2019", mapping=mapping)
        energy = found.as_dict()["energy_j_per_image"]
        totals[mapping] = energy["total"]
        print(f"{mapping}: {energy['total']:.3e} J per image")
        for component, joule in sorted(energy["by_component"].items(), key=lambda item: -item[1]):
            print(f"    {component:24} {joule:.2e} J")
    for baseline in found.as_dict()["baselines"]:
        print(f"{baseline['name']}: {baseline['energy_j_per_image']:.3e} J per image")
    return totals


if __name__ == "__main__":
    main()

"""One network on every way of sensing and two devices: one Markdown table."""

import sys

import mramsim as ms


def main(
    network: str = "pretrained:digits-mlp-512x2",
    data: str = "digits",
    chips: int = 5,
    images: int | None = None,
) -> str:
    lines = ms.compare_sensing(
        ms.find_network(network),
        data,
        chips=chips,
        images=images,
        progress=lambda line: print(*line.cells(), file=sys.stderr, flush=True),
    )
    table = ms.comparison_table(lines)
    print(table)
    return table


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:5]))

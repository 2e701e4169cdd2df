"""How many wrong weights a network stands: accuracy against the bit error rate."""

import sys

import numpy as np

import mramsim as ms

RATES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 2e-2, 4e-2, 1e-1)


def main(
    network: str = "pretrained:digits-mlp-512x2", data: str = "digits", draws: int = 5
) -> list[tuple[float, float, float]]:
    net, images = ms.find_network(network), ms.load_dataset(data)
    rows = []
    for rate in RATES:
        right = [
            np.mean(
                ms.with_bit_errors(net, rate, draw=draw).predict(images.x_test) == images.y_test
            )
            for draw in range(draws)
        ]
        rows.append((rate, float(np.mean(right)), float(np.std(right, ddof=min(1, draws - 1)))))
        print(f"bit error rate {rate:7.0e}  accuracy {rows[-1][1]:.4f} +- {rows[-1][2]:.4f}")
    return rows


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))

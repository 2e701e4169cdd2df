"""Map a trained binary network onto MRAM arrays and see what it costs in accuracy."""

import sys

import mramsim as ms


def main(chips: int = 10) -> ms.Result:
    network = ms.find_network("pretrained:digits-mlp-512x2")  # or ms.load_network("net.npz")
    placed = ms.place(network, mapping="pcsa_hirtzlin_nanoarch_2019")
    for layer in placed.layers:
        print(layer.name, len(layer.tiles), "tiles,", f"{layer.utilisation:.0%} used")

    digits = ms.load_dataset("digits")
    chip = placed.sample(device="stt_jung_nature_2022", seed=0)
    classes = chip.predict(digits.x_test)
    print("one chip:", float((classes == digits.y_test).mean()))

    result = ms.evaluate(placed, device="stt_jung_nature_2022", data=digits, chips=chips)
    print(result)
    return result


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

"""One chip at a time gives what `evaluate` gives, and its confusion matrix counts every image."""

import numpy as np

import mramsim as ms
from mramsim import effects
from mramsim.trial import CALIBRATION_IMAGES, Trial, confusion

DEVICE, MAPPING = "stt_jung_nature_2022", "csum_deaville_jssc_2025"


def trial(images=60, **options):
    digits = ms.load_dataset("digits")
    net = ms.find_network("pretrained:digits-mlp-512x2")
    placed = ms.place(net, MAPPING).calibrate(digits.x_train[:CALIBRATION_IMAGES])
    card = ms.load_card("device", DEVICE)
    return Trial(placed, card, digits.x_test[:images], digits.y_test[:images], **options)


def test_chips_of_a_trial_are_those_of_evaluate():
    net = ms.find_network("pretrained:digits-mlp-512x2")
    options = {"device": DEVICE, "mapping": MAPPING, "chips": 3, "images": 60, "seed": 4}
    result = ms.evaluate(net, without=["rtn"], **options)
    one = trial(seed=4, effects=effects.select(without=["rtn"]))
    chips = [one.chip(number) for number in (2, 0, 1)]  # in any order
    found = {chip.number: chip.accuracy for chip in chips}
    assert [found[k] for k in range(3)] == result["accuracy"]["chips"]
    assert len(set(found.values())) > 1
    assert result["accuracy"]["ideal"] == one.exact()
    assert result["accuracy"]["mapped"] == one.mapped()
    assert "rtn" not in chips[0].effects


def test_confusion_counts_every_image_once():
    chip = trial().chip(0)
    assert chip.confusion.shape == (10, 10)
    assert chip.confusion.sum() == 60
    assert np.trace(chip.confusion) / 60 == chip.accuracy
    np.testing.assert_array_equal(
        chip.confusion.sum(axis=1), np.bincount(ms.load_dataset("digits").y_test[:60])
    )


def test_confusion_by_hand():
    predicted, labels = np.array([0, 1, 1, 2]), np.array([0, 1, 0, 1], np.uint8)
    expected = [[1, 1, 0], [0, 1, 1], [0, 0, 0]]
    assert confusion(predicted, labels, 3).tolist() == expected
    assert confusion(predicted[:2], labels[:2], 1).shape == (2, 2)  # labels beyond the classes

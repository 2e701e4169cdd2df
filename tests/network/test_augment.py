"""Mirrored and shifted pictures against a slow definition."""

import pytest

torch = pytest.importorskip("torch")

from mramsim.training.augment import augmentation, flip_and_shift  # noqa: E402


def candidates(image, most):
    """All mirrored and shifted versions of one image, pixel by pixel."""
    _, height, width = image.shape
    for mirrored in (False, True):
        for down in range(-most, most + 1):
            for right in range(-most, most + 1):
                version = torch.empty_like(image)
                for row in range(height):
                    for column in range(width):
                        source = min(max(column + right, 0), width - 1)
                        source = width - 1 - source if mirrored else source
                        from_row = min(max(row + down, 0), height - 1)
                        version[:, row, column] = image[:, from_row, source]
                yield (mirrored, down, right), version


def test_every_result_is_one_of_the_versions_and_all_occur():
    torch.manual_seed(0)
    image = torch.randint(0, 256, (2, 8, 8), dtype=torch.uint8)
    versions = dict(candidates(image, 1))
    seen = dict.fromkeys(versions, 0)
    for result in flip_and_shift(image.expand(900, -1, -1, -1)):
        hits = [key for key, version in versions.items() if torch.equal(version, result)]
        assert len(hits) == 1
        seen[hits[0]] += 1
    assert min(seen.values()) > 20  # 50 expected of each of 18
    assert max(seen.values()) < 90


def test_type_channels_and_order_stay():
    torch.manual_seed(1)
    images = torch.randn(5, 3, 16, 12)
    found = flip_and_shift(images, share=0.0)
    for image, result in zip(images, found, strict=True):
        assert torch.equal(result, image) or torch.equal(result, image.flip(2))
    assert found.dtype == images.dtype


def test_by_name():
    torch.manual_seed(0)
    image = torch.arange(64, dtype=torch.uint8).reshape(1, 1, 8, 8)
    plain = [v for (mirrored, *_), v in candidates(image[0], 1) if not mirrored]
    for result in augmentation("shift")(image.expand(60, -1, -1, -1)):
        assert any(torch.equal(version, result) for version in plain)
    assert augmentation("flip-shift") is flip_and_shift
    assert augmentation("none") is None

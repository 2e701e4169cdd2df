"""Changes of a file that reach past its checksums and headers."""

from __future__ import annotations

import io
import zipfile

import numpy as np

NUMBERS = (0, 1, 2, 127, 128, 255, 256, 1 << 15, 1 << 16, (1 << 31) - 1, (1 << 32) - 1, 1 << 40)
Random = np.random.Generator


def mutated(rng: Random, seeds: list[bytes]) -> bytes:
    """Return a changed copy of a seed: of its bytes, of a member of its archive, or two joined."""
    data = seeds[rng.integers(len(seeds))]
    choice = rng.random()
    if choice < 0.8 and zipfile.is_zipfile(io.BytesIO(data)):
        try:
            return rezipped(rng, data)
        except Exception:  # an archive that was changed before
            return scrambled(rng, data)
    if choice < 0.7 and b"\n[[" in data:
        return rearranged(rng, data, seeds[rng.integers(len(seeds))])
    if choice < 0.1:
        other = seeds[rng.integers(len(seeds))]
        return data[: rng.integers(len(data) + 1)] + other[rng.integers(len(other) + 1) :]
    return scrambled(rng, data)


def rezipped(rng: Random, data: bytes) -> bytes:
    """Change the content of one member, and write a valid archive around it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        names = list(dict.fromkeys(old.namelist()))
        target = names[rng.integers(len(names))]
        for name in names:
            content = old.read(name)
            if name == target and rng.random() < 0.05:
                continue
            new.writestr(name, scrambled(rng, content) if name == target else content)
    return stream.getvalue()


def rearranged(rng: Random, data: bytes, other: bytes) -> bytes:
    """Leave out, repeat, exchange and borrow lines of a text; sometimes change one."""
    lines, more = data.splitlines(keepends=True), other.splitlines(keepends=True) or [b"\n"]
    for _ in range(1 + rng.integers(4)):
        place, second = (int(rng.integers(len(lines) + 1)) for _ in range(2))
        action = rng.integers(5)
        if action == 0:
            del lines[place : place + 1]
        elif action == 1:
            lines[place:place] = lines[second : second + int(rng.integers(1, 6))]
        elif action == 2:
            lines[place : place + 1], lines[second : second + 1] = (
                lines[second : second + 1],
                lines[place : place + 1],
            )
        elif action == 3:
            lines.insert(place, more[rng.integers(len(more))])
        elif place < len(lines):
            lines[place] = scrambled(rng, lines[place])
    return b"".join(lines)


def scrambled(rng: Random, data: bytes) -> bytes:
    """Flip, replace, insert, drop and repeat bytes, write telling numbers, swap digits of text."""
    changed = bytearray(data)
    for _ in range(1 + rng.integers(4)):
        if not changed:
            return bytes(rng.integers(0, 256, 20, dtype=np.uint8))
        place = int(rng.integers(len(changed)))
        action = rng.integers(7)
        if action == 0:
            changed[place] ^= 1 << int(rng.integers(8))
        elif action == 1:
            changed[place] = int(rng.integers(256))
        elif action == 2:
            size = int(rng.choice([1, 2, 4, 8]))
            number = int(rng.choice(NUMBERS)) % (1 << (8 * size))
            changed[place : place + size] = number.to_bytes(size, "little")
        elif action == 3:
            del changed[place : place + int(rng.integers(1, 40))]
        elif action == 4:
            part = changed[place : place + int(rng.integers(1, 60))]
            changed[place:place] = part * int(rng.integers(1, 5))
        elif action == 5:
            digits = [i for i, byte in enumerate(changed[:5000]) if 48 <= byte <= 57]
            if digits:
                at = digits[rng.integers(len(digits))]
                changed[at : at + 1] = str(int(rng.choice(NUMBERS)) * rng.choice([-1, 1])).encode()
        else:
            changed = changed[:place]
    return bytes(changed)

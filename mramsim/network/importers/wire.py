"""Protocol buffers, only to see how much of a file is not numbers.

A parser makes up to a hundred bytes of memory of one byte of structure (nodes, names, lists; an
empty message takes two bytes of a file). Tensors' raw bytes cost what they are. So the bytes that
are not tensors' are counted first, without parsing the rest.
Source: https://protobuf.dev/programming-guides/encoding/ and the field numbers of onnx.proto.
"""

from __future__ import annotations

from mramsim.errors import InputError

MAX_STRUCTURE = 1 << 25
_BULK = (4, 9, 10)  # of a tensor: float_data, raw_data, double_data
_INSIDE: dict[str, dict[int, str]] = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor"},
    "tensor": {},
}


def check_structure(data: bytes) -> None:
    """Refuse an ONNX file whose structure exceeds `MAX_STRUCTURE` bytes.

    Raises
    ------
    InputError
        That, or bytes that are no protocol buffer.
    """
    left = MAX_STRUCTURE
    stack = [("model", 0, len(data))]
    while stack:
        kind, place, end = stack.pop()
        while place < end:
            start = place
            tag, place = _number(data, place, end)
            field, wire = tag >> 3, tag & 7
            if wire == 2:
                size, place = _number(data, place, end)
                if size > end - place:
                    raise InputError("is cut short")
                inside = _INSIDE[kind].get(field)
                if inside is not None:
                    stack.append((inside, place, place + size))
                if inside is not None or (kind == "tensor" and field in _BULK):
                    start += size  # counted elsewhere, or not structure
                place += size
            elif wire == 0:
                _, place = _number(data, place, end)
            elif wire in (1, 5):
                place += 8 if wire == 1 else 4
            else:
                raise InputError("is no protocol buffer")
            left -= place - start
            if left < 0:
                raise InputError(
                    f"has more than {MAX_STRUCTURE} bytes of nodes, names and lists;"
                    " tensors belong into raw_data"
                )


def _number(data: bytes, place: int, end: int) -> tuple[int, int]:
    """Return a variable-length number and the place behind it."""
    value = shift = 0
    while place < end and shift < 70:
        byte = data[place]
        place += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, place
        shift += 7
    raise InputError("is cut short")

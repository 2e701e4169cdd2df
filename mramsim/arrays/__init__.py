"""One array: its cells, its wires, and one file per way of sensing."""

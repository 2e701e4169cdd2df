"""The binary neural network itself: a graph of exact integer nodes that knows no hardware."""

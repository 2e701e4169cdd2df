"""Pieces of training by local binary error signals."""

"""Pieces that binary training methods are put together from."""

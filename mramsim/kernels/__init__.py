"""Every Numba function of mramsim, and nothing else.

Kernels take arrays and plain numbers, know no hardware names, and each has a slow twin in the
tests.
"""

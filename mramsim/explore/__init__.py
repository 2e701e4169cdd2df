"""Design-space search: points proposed by an optimiser, run and stored as a sweep's.

Data flow: `plan` -> `propose` -> `mramsim.sweeps` (tasks, workers, store) -> `front`.
"""

"""Sweeps: a plan of points, tasks with content ids, any workers, a store that loses nothing.

Data flow: `plan` -> `points` -> `recipes` (content ids) -> `schedule` with `stop` over `pools` and
`worker` -> `store` -> `tables`, `manifest`.
"""

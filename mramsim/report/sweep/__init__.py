"""The report of a sweep: figures and one page, from plain values (`mramsim.sweeps.content`)."""

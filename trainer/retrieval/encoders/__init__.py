"""History encoders of the query tower: one layer a file, all called alike.

A history encoder maps product representations `[batch, time, dim]`, oldest first, with `mask`, `age` (days
before the query) and `types`, each `[batch, time]`, to `[batch, width]`; zeros for an empty history.
"""

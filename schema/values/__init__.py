"""Cells as values: numbers, sets, paths and texts, the same in training and serving."""

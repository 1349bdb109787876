"""Benchmarks, each against a real baseline in the same run."""

from schema import runtime as _runtime  # noqa: F401  (before anything imports TensorFlow)

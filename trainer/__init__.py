"""The retrieval and ranking models."""

from schema import runtime as _runtime  # noqa: F401  (before anything imports TensorFlow)

"""The pipeline, its runners and the command line."""

from schema import runtime as _runtime  # noqa: F401  (before anything imports TensorFlow)

"""The one preprocessing graph of training and serving."""

from schema import runtime as _runtime  # noqa: F401  (before anything imports TensorFlow)

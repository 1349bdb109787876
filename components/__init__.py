"""Our own TFX components, one folder each."""

from schema import runtime as _runtime  # noqa: F401  (before anything imports TensorFlow)

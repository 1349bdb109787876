"""The kernel: a second executor of a pushed version, which needs no TensorFlow; see `docs/kernel.md`."""

"""TensorFlow without what it says of processors and drivers, for commands whose stderr is theirs."""

from __future__ import annotations

import os

from pipeline.terminal.capture import quiet_stderr


def quiet() -> None:
    """Has it say nothing but what ends the process, whoever imports it later."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"  # read on import


def import_tensorflow() -> None:
    """Imports it, before anything else does; after that it says nothing but what ends the process."""
    quiet()
    with quiet_stderr():
        import tensorflow  # noqa: F401

"""Keeps a loaded model out of the rounds of Python's garbage collector."""

from __future__ import annotations

import gc


def settle() -> None:
    """Collects what is garbage now, and looks at the rest never again until the next call.

    The graph of a model is hundreds of thousands of Python objects that stay. The collector goes through
    all of them now and then, for a quarter of a second in which no request is answered.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()

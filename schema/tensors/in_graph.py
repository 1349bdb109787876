"""Functions that TensorFlow runs as a graph."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import tensorflow as tf

in_graph: Final[Any] = partial(tf.function, autograph=False)
"""`tf.function` without AutoGraph, which translates the source of all that is called, and takes two thirds
of the seconds of a trace for it. Nothing here loops or branches on the value of a tensor: what does, says
so as it is traced."""

untranslated: Final[Any] = tf.autograph.experimental.do_not_convert
"""The same of a function that is handed to TensorFlow: the map of a data set, a step of Keras."""

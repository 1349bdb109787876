"""The signatures of a SavedModel, computed in the thread that asks.

TensorFlow's eager runtime hands the operations of a function to a pool of threads. One thread in the pool
computes one request after the other, however many ask; several compute one request together, and handing
over hundreds of small operations costs more processor time than it saves. A session with a negative number
of threads (`inter_op_parallelism_threads` in `ConfigProto`) has no pool: each request stays in the thread
that asks, and as many run at a time as there are cores. It is also how TF Serving runs a SavedModel.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from serving.model.tables import Tables

Arrays = dict[str, npt.NDArray[Any]]

_IN_THE_THREAD_THAT_ASKS: Final = -1


@dataclass(frozen=True)
class Signature:
    """One signature; calls of several threads run side by side.

    Attributes:
        inputs: Name -> type and shape.
        session: Has the graph.
        feeds: Name of an input -> tensor of the graph.
        fetches: Name of an output -> tensor of the graph.
    """

    inputs: Mapping[str, tf.TensorSpec]
    session: Any
    feeds: Mapping[str, str]
    fetches: Mapping[str, str]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.fetches)

    def __call__(self, inputs: Mapping[str, Any]) -> Arrays:
        """Outputs for inputs.

        Raises:
            tensorflow.errors.OpError: The model refuses the inputs; the message is that of the operation.
        """
        fed = {
            self.feeds[name]: np.asarray(value, self.inputs[name].dtype.as_numpy_dtype)
            for name, value in inputs.items()
        }
        try:
            found: Arrays = self.session.run(dict(self.fetches), fed)
        except tf.errors.OpError as error:
            # The session puts before it where in the graph the operation stands.
            original = error.__context__
            raise original if isinstance(original, tf.errors.OpError) else error from None
        return found


@dataclass(frozen=True)
class LoadedModel:
    """A SavedModel in memory.

    Attributes:
        signatures: By name.
        tables: What it knows of products.
    """

    signatures: Mapping[str, Signature]
    tables: Tables


def load_model(folder: Path, one_thread: bool) -> LoadedModel:
    """Loads a SavedModel; its memory is given back with the last of its signatures and tables.

    Args:
        folder: Of the SavedModel.
        one_thread: Whether every operation of a call is computed by one thread, as is best where calls come
            side by side; otherwise large operations use all cores.
    """
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=int(one_thread), inter_op_parallelism_threads=_IN_THE_THREAD_THAT_ASKS
    )
    # Of the rewriters of graphs this one takes half a second a signature and saves a request nothing.
    rewriters = config.graph_options.rewrite_options
    rewriters.layout_optimizer = rewriters.OFF
    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph, config=config)
    with graph.as_default():
        loaded = _loaded(session, folder)
    definitions = loaded.signature_def.items()
    signatures = {
        name: _signature(session, definition) for name, definition in definitions if name[:2] != "__"
    }
    return LoadedModel(signatures, Tables(session, loaded))


def _loaded(session: Any, folder: Path) -> Any:
    """The only loader for sessions; it warns that there is another one without them."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return tf.compat.v1.saved_model.load(session, [tf.saved_model.SERVING], str(folder))
    finally:
        logger.setLevel(level)


def _signature(session: Any, definition: Any) -> Signature:
    return Signature(
        {name: _spec(name, info) for name, info in definition.inputs.items()},
        session,
        {name: info.name for name, info in definition.inputs.items()},
        {name: info.name for name, info in definition.outputs.items()},
    )


def _spec(name: str, info: Any) -> tf.TensorSpec:
    return tf.TensorSpec(tf.TensorShape(info.tensor_shape), tf.dtypes.as_dtype(info.dtype), name)

"""The signatures of a SavedModel, computed in the thread that asks.

TensorFlow's eager runtime hands the operations of a function to a pool of threads. One thread in the pool
computes one request after the other, however many ask; several compute one request together, and handing
over hundreds of small operations costs more processor time than it saves. A session with a negative number
of threads (`inter_op_parallelism_threads` in `ConfigProto`) has no pool: each request stays in the thread
that asks, and as many run at a time as there are cores. It is also how TF Serving runs a SavedModel.

A call of a signature always feeds and fetches the same tensors, so it is prepared once: `Session.run` finds
out for each call anew what it is given and asked for, in Python.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from serving.model.loading import load_part
from serving.model.tables import Tables

Arrays = dict[str, npt.NDArray[Any]]

_IN_THE_THREAD_THAT_ASKS: Final = -1


class Signature:
    """One signature; calls of several threads run side by side.

    Args:
        inputs: Name -> type and shape.
        session: Has the graph.
        feeds: Name of an input -> tensor of the graph.
        fetches: Name of an output -> tensor of the graph.
    """

    def __init__(
        self,
        inputs: Mapping[str, tf.TensorSpec],
        session: Any,
        feeds: Mapping[str, str],
        fetches: Mapping[str, str],
    ) -> None:
        self.inputs = inputs
        """Name -> type and shape."""
        self.session = session
        """Has the graph."""
        self.outputs = tuple(fetches)
        """Their names."""
        self._options = _options(feeds, fetches)
        self._fed = [(name, _shape(inputs[name]), inputs[name].dtype.as_numpy_dtype) for name in feeds]
        self._lock = threading.Lock()
        self._prepared: Callable[..., list[Any]] | None = None

    def __call__(self, inputs: Mapping[str, Any]) -> Arrays:
        """Outputs for inputs; the first call takes long, as the graph is cut and optimised for it.

        Raises:
            KeyError: The signature has no such input, or one is missing.
            ValueError: A value does not have the shape of its input.
            tensorflow.errors.OpError: The model refuses the inputs; the message is that of the operation.
        """
        prepared = self._prepared or self._prepare()
        return dict(zip(self.outputs, prepared(*self._values(inputs)), strict=True))

    def _prepare(self) -> Callable[..., list[Any]]:
        with self._lock:
            if self._prepared is None:
                # What `Session.make_callable` gives for fed tensors is `Session.run` itself.
                self._prepared = self.session._make_callable_from_options(self._options)
            return self._prepared

    def _values(self, inputs: Mapping[str, Any]) -> list[npt.NDArray[Any]]:
        """In the order of the feeds; no operation looks at the shape of what is fed, so that is done here."""
        if len(inputs) > len(self._fed):
            raise KeyError(min(set(inputs) - set(self.inputs)))
        values = []
        for name, shape, dtype in self._fed:
            value = np.asarray(inputs[name], dtype)
            fits = len(value.shape) == len(shape) and all(
                wanted is None or wanted == size for wanted, size in zip(shape, value.shape, strict=True)
            )
            if not fits:
                raise ValueError(f"`{name}` must have the shape {shape}. Received: {value.shape}.")
            values.append(value)
        return values


@dataclass(frozen=True)
class LoadedModel:
    """A SavedModel in memory.

    Attributes:
        signatures: By name.
        tables: What it knows of products.
        left_out: Signatures that the SavedModel has and that were left out.
    """

    signatures: Mapping[str, Signature]
    tables: Tables
    left_out: tuple[str, ...] = ()


def load_model(
    folder: Path, one_thread: bool, only: Sequence[str] = (), without: Sequence[str] = ()
) -> LoadedModel:
    """Loads a SavedModel; its memory is given back with the last of its signatures and tables.

    Args:
        folder: Of the SavedModel.
        one_thread: Whether every operation of a call is computed by one thread, as is best where calls come
            side by side; otherwise large operations use all cores.
        only: The first of these signatures that it has is loaded, all by default.
        without: Signatures that are left out.
    """
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=int(one_thread), inter_op_parallelism_threads=_IN_THE_THREAD_THAT_ASKS
    )
    # Of the rewriters of graphs this one takes half a second a signature and saves a request nothing.
    rewriters = config.graph_options.rewrite_options
    rewriters.layout_optimizer = rewriters.OFF
    graph = tf.Graph()
    session = tf.compat.v1.Session(graph=graph, config=config)
    loaded, left_out = load_part(session, folder, only, without)
    definitions = loaded.signature_def.items()
    signatures = {
        name: _signature(session, definition) for name, definition in definitions if name[:2] != "__"
    }
    return LoadedModel(signatures, Tables(session, loaded, folder), tuple(left_out))


def _signature(session: Any, definition: Any) -> Signature:
    return Signature(
        {name: _spec(name, info) for name, info in definition.inputs.items()},
        session,
        {name: info.name for name, info in definition.inputs.items()},
        {name: definition.outputs[name].name for name in sorted(definition.outputs)},
    )


def _options(feeds: Mapping[str, str], fetches: Mapping[str, str]) -> Any:
    from tensorflow.core.protobuf import config_pb2

    return config_pb2.CallableOptions(feed=list(feeds.values()), fetch=list(fetches.values()))


def _shape(spec: tf.TensorSpec) -> tuple[int | None, ...]:
    return tuple(spec.shape.as_list())


def _spec(name: str, info: Any) -> tf.TensorSpec:
    return tf.TensorSpec(tf.TensorShape(info.tensor_shape), tf.dtypes.as_dtype(info.dtype), name)

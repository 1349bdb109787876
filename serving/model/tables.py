"""The tables of a loaded model by their names in its checkpoint, to be exchanged while it serves.

What the graph knows of products stands in variables beside it. A value that is assigned counts for every
call that reads it afterwards; calls that have begun keep what they have read. No other graph is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

_SUFFIX: Final = "/.ATTRIBUTES/VARIABLE_VALUE"

Array = npt.NDArray[Any]


class Tables:
    """Variables of a session.

    Args:
        session: Has loaded the SavedModel.
        definition: The MetaGraphDef that it has loaded.
        folder: Of the SavedModel.
    """

    def __init__(self, session: Any, definition: Any, folder: Path) -> None:
        self._session, self._folder = session, folder
        self._handles = _handles(session.graph, definition)
        self._assignments: dict[str, tuple[Any, Any]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._handles

    def stored(self, name: str) -> Array:
        """The values that a table was saved with, from the file: a session takes a second to be asked."""
        checkpoint = tf.train.load_checkpoint(str(self._folder / "variables" / "variables"))
        found: Array = checkpoint.get_tensor(name + _SUFFIX)
        return found

    def read(self, name: str) -> Array:
        """The values of a table as they are now."""
        with self._session.graph.as_default():
            handle = self._handles[name]
            value = tf.raw_ops.ReadVariableOp(resource=handle, dtype=_dtype(handle))
        found: Array = self._session.run(value)
        return found

    def put(self, values: Mapping[str, Array]) -> None:
        """Exchanges the values of tables, by name, for others of the same shapes.

        A session that is asked something new goes through the whole graph, so all of them go in one run.
        """
        pairs = {name: self._assignment(name) for name in values}
        fed = {
            placeholder: np.asarray(values[name], placeholder.dtype.as_numpy_dtype)
            for name, (placeholder, _) in pairs.items()
        }
        self._session.run([assigned for _, assigned in pairs.values()], fed)

    def _assignment(self, name: str) -> tuple[Any, Any]:
        """What is fed, and what assigns it."""
        if name not in self._assignments:
            handle = self._handles[name]
            with self._session.graph.as_default():
                fed = tf.compat.v1.placeholder(_dtype(handle), handle.op.get_attr("shape"))
                self._assignments[name] = (
                    fed,
                    tf.raw_ops.AssignVariableOp(resource=handle, value=fed, validate_shape=True),
                )
        return self._assignments[name]


def _dtype(handle: Any) -> tf.DType:
    return tf.dtypes.as_dtype(handle.op.get_attr("dtype"))


def _handles(graph: Any, definition: Any) -> Mapping[str, Any]:
    """Name in the checkpoint -> handle of the variable, as the function that restores the model has it."""
    name = definition.saver_def.restore_op_name
    if not name:
        return {}
    restore = graph.get_operation_by_name(name)
    if "f" not in restore.node_def.attr:
        return {}
    function = restore.node_def.attr["f"].func.name
    found = (f for f in definition.graph_def.library.function if f.signature.name == function)
    body = next(found, None)
    if body is None:
        return {}
    nodes = {node.name: node for node in body.node_def}
    arguments = {argument.name: index for index, argument in enumerate(body.signature.input_arg)}
    handles = {}
    for node in body.node_def:
        if node.op != "AssignVariableOp" or node.input[0] not in arguments:
            continue
        source = nodes[node.input[1].split(":")[0]]
        while source.op == "Identity":
            fed = source.input[0].split(":")
            source = nodes[fed[0]]
        if source.op == "RestoreV2":
            stored = tf.make_ndarray(nodes[source.input[1].split(":")[0]].attr["value"].tensor)
            key = stored[int(fed[2])].decode().removesuffix(_SUFFIX)
            handles[key] = restore.inputs[arguments[node.input[0]]]
    return handles

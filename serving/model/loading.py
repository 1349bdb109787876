"""Loads of a SavedModel what some of its signatures need, into a session.

The loader of TensorFlow takes everything: functions that were traced in training, and every signature, each
with a copy of all that it does. A session goes through all it has whenever it is asked something new, so
what nobody asks for costs seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

_INIT: Final = "__saved_model_init_op"


def load_part(
    session: Any, folder: Path, only: Sequence[str], without: Collection[str] = ()
) -> tuple[Any, list[str]]:
    """Loads variables, tables and some signatures.

    Args:
        session: Whose graph is still empty.
        folder: Of the SavedModel.
        only: The first of these signatures that it has is loaded; all if there are none.
        without: Signatures that are left out.

    Returns:
        The MetaGraphDef that was loaded, and which signatures the model has beside.
    """
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / tf.saved_model.SAVED_MODEL_FILENAME_PB).read_bytes())
    whole = next(part for part in model.meta_graphs if tf.saved_model.SERVING in part.meta_info_def.tags)
    chosen = [name for name in only if name in whole.signature_def][:1] if only else whole.signature_def
    taken = {*chosen} - set(without)
    part = part_of(whole, {*taken, _INIT})
    with session.graph.as_default():
        tf.compat.v1.train.import_meta_graph(part)
    fed = {file.tensor_info.name: str(folder / "assets" / file.filename) for file in part.asset_file_def}
    steps = [output.name for output in part.signature_def[_INIT].outputs.values()]
    if part.saver_def.restore_op_name:
        steps.append(part.saver_def.restore_op_name)
        fed[part.saver_def.filename_tensor_name] = str(folder / "variables" / "variables")
    session.run(steps, fed)
    return part, [name for name in whole.signature_def if name not in taken and name[:2] != "__"]


def part_of(whole: Any, names: Collection[str]) -> Any:
    """A MetaGraphDef with some of the signatures, and of all else what they need.

    Args:
        whole: The MetaGraphDef.
        names: Of signatures.
    """
    part = type(whole)()
    part.CopyFrom(whole)
    for name in set(whole.signature_def) - set(names):
        del part.signature_def[name]
    part.ClearField("object_graph_def")
    nodes = {node.name: node for node in whole.graph_def.node}
    functions = {function.signature.name: function for function in whole.graph_def.library.function}
    saver = whole.saver_def
    ends = [saver.restore_op_name, saver.save_tensor_name, saver.filename_tensor_name]
    ends += [file.tensor_info.name for file in whole.asset_file_def]
    for signature in part.signature_def.values():
        ends += [info.name for infos in (signature.inputs, signature.outputs) for info in infos.values()]
    kept = _reached(filter(None, map(_node_of, ends)), lambda name: map(_node_of, nodes[name].input))
    called = _reached(
        (name for node in kept for name in _functions_of(nodes[node], functions)),
        lambda name: (inner for node in functions[name].node_def for inner in _functions_of(node, functions)),
    )
    graph = part.graph_def
    _keep(graph.node, lambda node: node.name in kept)
    _keep(graph.library.function, lambda function: function.signature.name in called)
    _keep(graph.library.gradient, lambda gradient: gradient.function_name in called)
    return part


def _reached(starts: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    found: set[str] = set()
    left = list(starts)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += following(name)
    return found


def _node_of(tensor: str) -> str:
    """Name of the node of a tensor, `node:0`, or of what must go before, `^node`."""
    return tensor.removeprefix("^").partition(":")[0]


def _functions_of(node: Any, functions: Collection[str]) -> Iterator[str]:
    """Functions that a node calls: by its own name, or as an attribute."""
    called = [node.op]
    for value in node.attr.values():
        called += [value.func.name, *(function.name for function in value.list.func)]
    return (name for name in called if name in functions)


def _keep(values: Any, is_kept: Callable[[Any], bool]) -> None:
    kept = [value for value in values if is_kept(value)]
    del values[:]
    values.extend(kept)

"""Registers the types of a pipeline in ML Metadata before several processes need them.

ml-metadata looks whether a type is there and then puts it. On a server two processes that do so at once put
it twice, since nothing there forbids a second type of the same name; what is published under the one is not
found under the other.
"""

from __future__ import annotations

from typing import Any, Final

from pipeline.metadata.connection import open_store

_CACHE: Final = "execution_cache"


def register_types(location: str, pipeline: Any) -> None:
    """Puts the types that are missing; one process at a time may do so.

    Args:
        location: The store.
        pipeline: The IR of the pipeline.
    """
    store = open_store(location)
    extending = {"can_add_fields": True, "can_omit_fields": True}
    for node in (node.pipeline_node for node in pipeline.nodes):
        store.put_execution_type(node.node_info.type, **extending)
        for context in node.contexts.contexts:
            store.put_context_type(context.type, **extending)
            store.put_context_type(type(context.type)(name=_CACHE), **extending)
        for output in node.outputs.outputs.values():
            store.put_artifact_type(output.artifact_spec.type, **extending)

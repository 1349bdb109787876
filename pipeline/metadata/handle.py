"""How TFX opens the store: as we do, whatever connection a pipeline names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from pipeline.metadata.connection import connection_config, open_store, usable

_CACHE: Final = "execution_cache"


def store_handle(location: str) -> Any:
    """TFX's class of handles that open a store, made to open this one, whatever it is told to."""
    from tfx.orchestration import metadata

    class Metadata(metadata.Metadata):
        """It opens the store anew each time that it is entered."""

        def __init__(self, _: Any = None) -> None:
            super().__init__(connection_config(location))

        def __enter__(self) -> Metadata:
            super().__enter__()
            usable(self._store, location)
            return self

    return Metadata


@contextlib.contextmanager
def opened_by_us(location: str) -> Iterator[None]:
    """Meanwhile TFX's runner opens this store as we do, whatever the pipeline names."""
    from tfx.orchestration import metadata

    original = metadata.Metadata
    metadata.Metadata = store_handle(location)
    try:
        yield
    finally:
        metadata.Metadata = original


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

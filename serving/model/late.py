"""Signatures that hardly anybody asks for, loaded when somebody does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from serving.model.heap import settle

if TYPE_CHECKING:
    from serving.model.signatures import LoadedModel, Signature


class LateSignatures(Mapping[str, "Signature"]):
    """Signatures by name, of which some are loaded by the first who asks for one of them.

    A late one has a graph, variables and tables of its own. Requests for the others go on while it is being
    loaded; who asks for it meanwhile waits.

    Args:
        loaded: What is there from the beginning.
        late: Names of the others.
        load: Loads one of those.
    """

    def __init__(
        self, loaded: LoadedModel, late: Collection[str], load: Callable[[str], LoadedModel]
    ) -> None:
        self._loaded, self._load = loaded, load
        self._late: dict[str, LoadedModel | None] = dict.fromkeys(late)
        self._lock = threading.Lock()
        self.when_loaded: Callable[[LoadedModel], object] = lambda _: None
        """Called with what was loaded late before anybody is answered by it, one at a time."""

    def __getitem__(self, name: str) -> Signature:
        """The signature; takes a second or two where it is not loaded yet."""
        if name not in self._late:
            return self._loaded.signatures[name]
        found = self._late[name]
        if found is None:
            with self._lock:
                found = self._late[name] or self._loaded_late(name)
        return found.signatures[name]

    def __iter__(self) -> Iterator[str]:
        """Names, also of what is not loaded."""
        return iter((*self._loaded.signatures, *self._late))

    def __len__(self) -> int:
        """Number of signatures, also of those that are not loaded."""
        return len(self._loaded.signatures) + len(self._late)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a signature; loads nothing."""
        return name in self._loaded.signatures or name in self._late

    def _loaded_late(self, name: str) -> LoadedModel:
        found = self._load(name)
        self.when_loaded(found)
        self._late[name] = found
        settle()
        return found

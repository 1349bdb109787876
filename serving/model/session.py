"""The TensorFlow session of a version: loaded at once, or in a thread behind for the first who needs it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from schema.rules import BoolArray
from serving.model.heap import settle
from serving.model.hidden import Hidden
from serving.model.late import LateSignatures

if TYPE_CHECKING:
    from serving.model.signatures import LoadedModel

_LOG = logging.getLogger("towerline.serving")


class SessionNotLoadedError(Exception):
    """What was asked needs the session, which is being loaded in a thread behind.

    Args:
        loaded: Done when it is there and warm; holds the error if it cannot be loaded.
    """

    def __init__(self, loaded: Future[None]) -> None:
        super().__init__("the session is being loaded")
        self.loaded = loaded


class Session:
    """Signatures of a SavedModel.

    Args:
        folder: Of the version.
        one_thread: Whether one thread computes a request.
        only: The first of these signatures that it has is loaded, all if there are none.
        late: Signatures that are loaded by the first who asks for one of them.
    """

    def __init__(self, folder: Path, one_thread: bool, only: Sequence[str], late: Sequence[str]) -> None:
        self._folder, self._one_thread, self._only, self._without = folder, one_thread, only, late
        self._signatures: LateSignatures | None = None
        self._behind: Future[None] | None = None
        self._rows: tuple[BoolArray, pa.Array] | None = None
        self._followed: list[LoadedModel] = []
        self._hidden: dict[int, Hidden] = {}
        self._loading, self._starting, self._hiding = threading.Lock(), threading.Lock(), threading.Lock()

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the signatures that it has, loaded or not; loads nothing."""
        from serving.model.signature_names import signature_names  # imports protobuf, which no list needs

        return signature_names(self._folder)

    @property
    def is_loaded(self) -> bool:
        """Whether it can be asked."""
        return self._signatures is not None

    @property
    def is_warm(self) -> bool:
        """Whether it can be asked, and is not just being made ready in a thread behind."""
        return self.is_loaded and (self._behind is None or self._behind.done())

    def load(self) -> LateSignatures:
        """The signatures, also those that are loaded late; takes seconds the first time."""
        if self._signatures is None:
            with self._loading:
                self._signatures = self._signatures or self._loaded()
        return self._signatures

    def load_behind(self, why: str, then: Callable[[], object]) -> Future[None]:
        """Has a thread load it, and returns at once.

        Args:
            why: Who needs it, for the log.
            then: Is called in that thread when it is loaded, before it counts as warm.

        Returns:
            Done when it is warm, with the error if it cannot be loaded; the same for everybody who asks.
        """
        with self._starting:
            if self._behind is None:
                self._behind = Future()
                given = (self._behind, why, then)
                threading.Thread(
                    target=self._load_for, args=given, name="towerline-session", daemon=True
                ).start()
            return self._behind

    def hide(self, hidden: BoolArray, product_ids: pa.Array) -> None:
        """Keeps products out of its answers; what is loaded later hides them too.

        Args:
            hidden: Which of the products, in their order.
            product_ids: Their ids.
        """
        with self._hiding:
            self._rows = rows = (hidden, product_ids)
            for loaded in self._followed:
                self._put(loaded, *rows)

    def _load_for(self, done: Future[None], why: str, then: Callable[[], object]) -> None:
        version, started = self._folder.name, time.monotonic()
        _LOG.info("TensorFlow is loaded for version %s: %s", version, why)
        try:
            self.load()
            then()
            settle()
        except Exception as error:
            _LOG.exception("TensorFlow cannot answer for version %s", version)
            done.set_exception(error)
            return
        _LOG.info("TensorFlow answers for version %s after %.1f s", version, time.monotonic() - started)
        done.set_result(None)

    def _loaded(self) -> LateSignatures:
        from serving.model.signatures import load_model

        def load_late(name: str) -> LoadedModel:
            return load_model(self._folder, self._one_thread, (name,))

        loaded = load_model(self._folder, self._one_thread, self._only, self._without)
        signatures = LateSignatures(loaded, loaded.left_out, load_late)
        signatures.when_loaded = self._follow
        self._follow(loaded)
        return signatures

    def _follow(self, loaded: LoadedModel) -> None:
        """Hides in what was loaded what is hidden now, and whatever will be."""
        rows = self._rows
        if rows is not None:  # the first exchange of tables takes a second: who hides meanwhile need not wait
            self._put(loaded, *rows)
        with self._hiding:
            if self._rows is not None and self._rows is not rows:
                self._put(loaded, *self._rows)
            self._followed.append(loaded)

    def _put(self, loaded: LoadedModel, hidden: BoolArray, product_ids: pa.Array) -> None:
        key = id(loaded)
        if key not in self._hidden:
            self._hidden[key] = Hidden(loaded.tables, product_ids)
        self._hidden[key].put(hidden)

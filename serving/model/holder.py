"""The model that is served, exchanged for a newer one while requests go on."""

from __future__ import annotations

import contextlib
import logging
import threading
import weakref
from collections.abc import Callable, Container
from pathlib import Path
from typing import Final

from schema import names
from schema.errors import UserError
from schema.served.request import Query
from schema.served.versions import newest_version
from serving.model.heap import settle
from serving.model.histories import Histories
from serving.model.items import Items
from serving.model.pushed_model import PushedModel

_LOG = logging.getLogger("towerline.serving")
_WARM_UP = 100
RARE: Final = (names.EXPLAIN,)
"""Signatures that a server loads when somebody asks: each takes time at the start, and memory."""


class Served:
    """A loaded, warm model and what is answered when there is no time for it.

    Args:
        model: The loaded model.
        popular: Items for anybody, best first.
        histories: The snapshot that was pushed with the model.
    """

    def __init__(self, model: PushedModel, popular: Items, histories: Histories) -> None:
        self.model = model
        self.popular = popular
        self.histories = histories

    def renew(self) -> None:
        """Finds what is popular among the products that are not hidden."""
        self.popular = _popular(self.model)


class ModelHolder:
    """Loads the newest version of a push directory, and every newer one as it is pushed.

    A request that has taken the old model goes on with it; the old one is freed after the last of them.

    Args:
        directory: The push directory.
        poll_seconds: How often it is looked at.
        kernel: Whether the kernel of a version answers what it covers.
        behind: Whether TensorFlow waits until somebody needs it, where the kernel of a version answers
            everybody.
    """

    def __init__(
        self, directory: Path, poll_seconds: float, kernel: bool = True, behind: bool = False
    ) -> None:
        self._directory = directory
        self._poll_seconds, self._kernel, self._behind = poll_seconds, kernel, behind
        self._served: Served | None = None
        self._opened: PushedModel | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="towerline-model", daemon=True)
        self._broken: int | None = None
        self._replaced: list[weakref.ref[PushedModel]] = []
        self.after_load: list[Callable[[PushedModel], object]] = []
        """What is done with a model before it is served."""
        self.forgotten: Container[str] = frozenset()
        """Users of whom the snapshots of models say nothing."""

    @property
    def served(self) -> Served | None:
        """What is served now; None until the first model is warm."""
        return self._served

    def open(self) -> tuple[str, bool]:
        """Opens the newest version, which the first `refresh` takes.

        Returns:
            The version, and whether its kernel starts alone. Not the model: who kept it would keep its memory
            when a newer one has taken its place.

        Raises:
            UserError: Nothing has been pushed.
        """
        self._opened = self._open(None)
        return self._opened.version, self._opened.starts_alone

    def _open(self, version: int | None) -> PushedModel:
        opened, self._opened = self._opened, None
        if opened is not None and opened.version == str(version):
            return opened
        return PushedModel(self._directory, version, True, (), RARE, self._kernel, self._behind)

    def start(self) -> None:
        """Begins to watch the push directory."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the watch."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def refresh(self) -> bool:
        """Loads the newest version if it is not the one that is served; a broken one changes nothing.

        Returns whether there is another model now.
        """
        version = newest_version(self._directory)
        current = self._served.model.version if self._served else None
        if version is None or str(version) == current or version == self._broken:
            return False
        try:
            model = self._open(version)
            if self._served is not None and self._served.model.session.is_loaded:
                model.load()  # whoever needed that of the version before need not wait
            self.take(warm(model))
        except Exception:
            self._broken = version
            _LOG.exception("version %s cannot be served; %s stays", version, current or "nothing")
            return False
        _LOG.info("version %s is served", version)
        _tell_executors(model)
        return True

    def take(self, served: Served) -> None:
        """Serves a model that is warm."""
        served.histories.forgotten = self.forgotten
        for step in self.after_load:
            step(served.model)
        if served.model.hidden_ids:
            served.renew()
        if self._served is not None:
            self._replaced.append(weakref.ref(self._served.model))
        self._served = served

    def _watch(self) -> None:
        while not self._stopped.is_set():
            taken = self.refresh()
            gone = [model for model in self._replaced if model() is None]
            if taken or gone:  # a model that requests still read goes after the last of them
                settle()
                self._replaced = [model for model in self._replaced if model not in gone]
            self._stopped.wait(self._poll_seconds)


def _tell_executors(model: PushedModel) -> None:
    executors = model.executors
    if executors.without_kernel:
        _LOG.warning(
            "version %s is answered by the session alone: %s", model.version, executors.without_kernel
        )
    elif executors.needs_session_for:
        _LOG.info("version %s has TensorFlow from the start: %s", model.version, executors.needs_session_for)
    elif not model.session.is_loaded:
        _LOG.info("version %s is answered by the kernel until somebody needs TensorFlow", model.version)


def warm(model: PushedModel) -> Served:
    """Loads a model and asks it everything once: the first call of a signature is slow.

    The session is left for whoever needs it where the kernel starts alone.
    """
    if not model.starts_alone:
        model.load()
    popular = _popular(model)
    if popular:
        known = popular[0]["product_id"]
        model.recommend([Query("", 1, [known], [0], [model.features.event_types[0]])], 10, True)
        with contextlib.suppress(UserError):  # models of before have no such table
            model.catalogue.rows([known])
    if model.session.is_loaded:
        warm_session(model)
    return Served(model, popular, Histories(model.folder))


def warm_session(model: PushedModel) -> None:
    """Asks the session, once it is loaded, what is asked most."""
    known = _popular(model)[:1]
    with contextlib.suppress(UserError):  # models of before have no such signatures
        for item in known:
            model.similar(item["product_id"], 10, 0.5)
            model.search(item["product_id"], 10)


def _popular(model: PushedModel) -> Items:
    stranger = Query("", 1)
    return model.recommend([stranger], _WARM_UP, False)[0]

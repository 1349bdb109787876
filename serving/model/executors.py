"""The two executors of a version: the kernel makes the lists that it covers, the session all others.

Of versions with rules the kernel ranks, and the signature `finish` of the session makes the lists.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from kernel.description import KernelError
from kernel.executor import Embed, Executor
from kernel.library import Library
from schema import names
from schema.features import FeatureSet
from schema.rules import BoolArray
from serving.model.hidden import hidden_last
from serving.model.items import Columns

_LOG = logging.getLogger("towerline.serving")
KERNEL: Final = "kernel"
KERNEL_AND_FINISH: Final = "kernel+finish"
SESSION: Final = "session"

Call = Callable[[Mapping[str, Any]], Columns]
"""From the inputs of a signature to its outputs."""


class Executors:
    """Makes lists by the one or the other, and tells by which.

    Args:
        folder: Of the version.
        features: Its feature columns.
        wanted: Whether the kernel may answer at all.
    """

    def __init__(self, folder: Path, features: FeatureSet, wanted: bool) -> None:
        self.kernel: Executor | None = None
        """None where there is none for the version, and `without_kernel` says why."""
        self.without_kernel = "the kernel is switched off"
        self.on_answer: Callable[[str, int], object] = lambda *_: None
        """Called with the executor that makes lists, `of_kernel` or `SESSION`, and how many."""
        if wanted:
            try:
                self.kernel, self.without_kernel = Executor(folder, features.event_types, Library()), ""
            except KernelError as error:
                self.without_kernel = str(error)

    @property
    def of_kernel(self) -> str:
        """What its lists by the kernel are counted as."""
        return KERNEL_AND_FINISH if self.kernel is not None and self.kernel.only_ranks else KERNEL

    @property
    def needs_session(self) -> bool:
        """Whether a user with a history cannot be answered without the session."""
        return self.kernel is None or bool(self.called)

    @property
    def called(self) -> tuple[str, ...]:
        """Signatures of the session without which the kernel makes no list, that of each list first."""
        if self.kernel is None:
            return ()
        needed = {names.FINISH: self.kernel.only_ranks, names.EMBED_QUERIES: not self.kernel.makes_vectors}
        return tuple(name for name, is_needed in needed.items() if is_needed)

    @property
    def needs_session_for(self) -> str:
        """Why the kernel cannot answer everybody by itself; empty if it can."""
        if self.kernel is None:
            return self.without_kernel
        if self.kernel.only_ranks:
            return "the signature `finish` makes the lists of what its kernel ranks"
        if not self.kernel.makes_vectors:
            return "the session makes the vectors of its queries"
        if not self.kernel.covers_cold_users:
            return "its tables say nothing of users without history"
        return ""

    def hide(self, hidden: BoolArray) -> None:
        """Exchanges what the kernel hides `[products]`."""
        if self.kernel is not None:
            self.kernel.hide(hidden, hidden_last(self.kernel.pushed_fill, hidden))

    def by_session(self, call: Call, inputs: Mapping[str, Any]) -> Columns:
        """Lists of the session alone."""
        self.on_answer(SESSION, len(inputs[names.USER_ID]))
        return call(inputs)

    def lists(self, call: Call, embed: Call, finish: Call, inputs: Mapping[str, Any]) -> Columns:
        """Lists by the kernel, one user at a time, and by the session, together, what that does not cover.

        Args:
            call: Signature of lists of the session.
            embed: Its signature of the vectors of queries.
            finish: Its signature of lists of ranked candidates.
            inputs: Of a batch.
        """
        kernel = self.kernel
        if kernel is None:
            return self.by_session(call, inputs)
        vector = None if kernel.makes_vectors else lambda given: embed(given)[names.QUERY_EMBEDDING][0]
        rows = range(len(inputs[names.USER_ID]))
        found = {row: _by_kernel(kernel, _rows(inputs, [row]), vector, finish) for row in rows}
        others = [row for row in rows if found[row] is None]
        if len(others) == len(rows):
            return self.by_session(call, inputs)
        self.on_answer(self.of_kernel, len(rows) - len(others))
        if others:
            of_session = self.by_session(call, _rows(inputs, others))
            found |= {row: _rows(of_session, [number]) for number, row in enumerate(others)}
        columns = [found[row] or {} for row in rows]
        if len(columns) == 1:
            return columns[0]
        return {name: np.concatenate([part[name] for part in columns]) for name in columns[0]}


def _by_kernel(
    kernel: Executor, inputs: Mapping[str, Any], vector: Embed | None, finish: Call
) -> Columns | None:
    try:
        return kernel.recommend(inputs, vector, finish)
    except KernelError:
        _LOG.exception("the kernel cannot answer a request; the session does")
        return None


def _rows(columns: Mapping[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """Some rows of a batch; what is one value for the whole batch stays."""
    return {
        name: values[list(rows)] if isinstance(values, np.ndarray) and values.ndim else values
        for name, values in columns.items()
    }

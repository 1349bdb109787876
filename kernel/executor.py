"""Answers the signature `recommend_diverse` for one user, as the graph of the version does.

Where a version has rules, or whatever else the kernel does not compute, it ranks alone: the signature
`finish` of the version makes the list of its candidates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from kernel.cold_users import cold_users
from kernel.description import Array, Description, KernelError, read_tables
from kernel.library import ANSWERED, Answer, Library, OpenKernel, Request
from kernel.vocabularies import Vocabulary, read_vocabulary
from schema import names
from schema.fields import RAW
from schema.served import finishing
from schema.served.candidate_features import CANDIDATE_FEATURES
from schema.served.sources import NAMES as SOURCES

Columns = dict[str, Array]
Embed = Callable[[Mapping[str, Any]], Array]
"""From the inputs of a request to the unit vector of its query `[dim]`."""
Finish = Callable[[Mapping[str, Any]], Columns]
"""From the inputs of the signature `finish` to its outputs."""

CLASSICS: Final = (
    *("popularity", "own_frequency", "user_knn_own", "last_seen", "user_knn"),
    *("item_knn", "ease", "transitions"),
)
"""Baselines whose lists the kernel makes, in its order."""
_MISSING: Final = 0
_UNKNOWN: Final = 1
_FIRST: Final = names.FIRST_CATEGORY


class Executor:
    """The kernel with the tables of one version; threads may call it side by side.

    Args:
        folder: Of the version.
        event_types: Known types of events, in their order.
        library: The compiled kernel.

    Raises:
        KernelError: It cannot answer for this version; the message says why.
    """

    def __init__(self, folder: Path, event_types: Sequence[str], library: Library) -> None:
        description, arrays = read_tables(folder / names.KERNEL)
        _check_features(description)
        if arrays["categories"].ndim == 2:  # of versions from before sets were covered
            arrays["categories"] = arrays["categories"][:, :, np.newaxis]
        hidden, fill = _visibility(arrays)
        self.pushed_fill = fill
        """What fills lists as the version was pushed."""
        self._open: OpenKernel = library.open(arrays, description.settings)
        self._num_products = len(hidden)
        self._cold = cold_users(description, arrays, self._num_products)
        self._visible = (hidden, fill, self._cold)
        self._products = read_vocabulary(folder, names.PRODUCT_VOCABULARY, self._num_products)
        self._users = read_vocabulary(folder, names.USER_VOCABULARY)
        self._columns = {name: read_vocabulary(folder, name) for name in description.columns}
        self._types = {name.encode(): number for number, name in enumerate(event_types)}
        self._dim = arrays["embeddings"].shape[1]
        self.makes_vectors = bool(description.settings["tower_events"])
        """Whether it makes the vector of a query itself, and not the session."""
        self.covers_cold_users = self._cold is not None
        """Whether it answers users without history."""
        self.only_ranks = description.finish
        """Whether `finish` makes the lists of its candidates."""
        self._num_candidates = int(description.settings["num_candidates"])

    def hide(self, hidden: Array, fill: Array) -> None:
        """Exchanges what is hidden and what fills lists; calls that have begun keep what they have.

        Args:
            hidden: Bool `[products]`.
            fill: Products, int64.
        """
        cold = None if self._cold is None else self._cold.without(hidden)
        self._visible = (*_visibility({"hidden": hidden, "fill": fill}, self._num_products), cold)

    def recommend(
        self, inputs: Mapping[str, Any], embed: Embed | None = None, finish: Finish | None = None
    ) -> Columns | None:
        """Outputs of the signature, `[1, top_k]` each; None where the request is not covered.

        Args:
            inputs: Of the signature.
            embed: Makes the vector of the query where the tables do not.
            finish: Makes the list where the kernel `only_ranks`.
        """
        events = _events(inputs[names.HISTORY_PRODUCT_ID])
        if events is None or (self.only_ranks and finish is None):
            return None
        product = np.array(self._products.indices(events), np.int32)
        hidden, fill, lists = self._visible
        if not (self.makes_vectors or embed) or (lists is None and not (product >= 0).any()):
            return None
        kinds = inputs[names.HISTORY_EVENT_TYPE][0][: len(events)]
        kind = np.array([self._types.get(value, -1) for value in kinds], np.int32)
        time = np.array(inputs[names.HISTORY_TIME][0][: len(events)], np.int64)
        columns = np.array(
            [_category(known, inputs[name][0]) for name, known in self._columns.items()], np.int32
        )
        vector = None if self.makes_vectors else _vector(embed, inputs, self._dim)
        cold = None if lists is None else lists.list_of(inputs)
        top_k = int(inputs[names.TOP_K])
        size = self._num_candidates if self.only_ranks else top_k
        found = {name: np.empty(size, dtype) for name, dtype in ANSWERED}
        request = Request(
            len(events),
            top_k,
            int(inputs[names.EXCLUDE_PURCHASED]),
            float(inputs[names.DIVERSITY]),
            product.ctypes.data,
            time.ctypes.data,
            kind.ctypes.data,
            self._users.index(inputs[names.USER_ID][0]),
            int(inputs[names.QUERY_TIME][0]),
            None if vector is None else vector.ctypes.data,
            columns.ctypes.data,
            hidden.ctypes.data,
            fill.ctypes.data,
            len(fill),
            None if cold is None else cold.products.ctypes.data,
            -1 if cold is None else len(cold.products),
            int(cold is not None and cold.is_segment),
            int(self.only_ranks),
        )
        answer = Answer(0, *(values.ctypes.data for values in found.values()))
        if not self._open.recommend(request, answer):
            return None
        if finish is None or not self.only_ranks:
            return self._outputs(found, answer.count, top_k)
        history = {name: inputs[name][:, : len(events)] for name in RAW}
        given = {names.HISTORY_INDEX: product, names.HISTORY_TYPE: kind}
        given |= {name: found[of][: answer.count] for name, of in _CANDIDATES.items()}
        return finish({**inputs, **history, **{name: values[np.newaxis] for name, values in given.items()}})

    def _outputs(self, found: Columns, count: int, top_k: int) -> Columns:
        ids = self._products.ids
        texts = {
            names.PRODUCT_ID: [ids[index] for index in found["product"][:count]],
            "source": [_SOURCES[source] for source in found["source"][:count]],
            "neighbour_of": [b"" if index < 0 else ids[index] for index in found["neighbour_of"][:count]],
        }
        numbers = {output: found[name] for output, name in _NUMBERS.items()}
        for values in numbers.values():
            values[count:] = np.nan
        times = found["times_bought"]
        times[count:] = 0
        propensity = np.ones(top_k, np.float32)
        propensity[count:] = np.nan
        nothing: list[bytes] = []
        columns = {name: _texts(values, top_k) for name, values in texts.items()}
        columns |= {name: values[np.newaxis] for name, values in numbers.items()}
        columns |= {"times_bought": times[np.newaxis], "propensity": propensity[np.newaxis]}
        return columns | {name: _texts(nothing, top_k) for name in ("pinned_by", "relaxed")}


_SOURCES: Final = [*(source.encode() for source in SOURCES), b"segment"]
_NUMBERS: Final = {
    "score": "score",
    "days_since_last": "last",
    "usual_interval_days": "interval",
    "two_tower_score": "two_tower",
    "preranker_score": "preranker",
    "ranker_score": "ranker",
}
"""Output of the signature -> field of the answer."""
_CANDIDATES: Final = {
    names.CANDIDATE_INDEX: "product",
    finishing.SOURCE: "source",
    finishing.SCORE: "score",
    **{name: _NUMBERS.get(name, name) for name in finishing.DETAILS},
}
"""Input of `finish` -> field of the answer."""


def _check_features(description: Description) -> None:
    wanted = {"candidate_features": CANDIDATE_FEATURES, "classics": CLASSICS}
    for name, order in wanted.items():
        if description.features.get(name) != order:
            raise KernelError(f"the version has other {name} than this kernel computes")


def _visibility(arrays: Mapping[str, Array], num_products: int | None = None) -> tuple[Array, Array]:
    """What is hidden and what fills lists, each in memory of its own."""
    if not {"hidden", "fill"} <= set(arrays):
        raise KernelError("table `hidden` or `fill` is missing")
    hidden = np.array(arrays["hidden"], np.uint8)
    fill = np.array(arrays["fill"], np.int64)
    if hidden.ndim != 1 or fill.ndim != 1 or num_products not in (None, len(hidden)):
        raise KernelError("table `hidden` or `fill` has another size")
    return hidden, fill


def _events(history: Any) -> list[bytes] | None:
    """Ids of the events of one user; None of several, and where an event has no product."""
    if len(history) != 1 or not len(history[0]):
        return None
    events = [value.encode() if isinstance(value, str) else value for value in history[0]]
    while events and events[-1] == b"":  # pads of a batch
        events.pop()
    if b"" in events:
        return None
    return events or [b""]  # an empty history is one pad, as in the graph


def _category(known: Vocabulary, value: Any) -> int:
    """Index of a category as the transform graph gives it."""
    text = value.encode() if isinstance(value, str) else value
    if not text:
        return _MISSING
    index = known.raw_index(text)
    return _UNKNOWN if index < 0 else index + _FIRST


def _vector(embed: Embed | None, inputs: Mapping[str, Any], dim: int) -> Array:
    vector = np.ascontiguousarray(embed(inputs) if embed else [], np.float32).reshape(-1)
    if len(vector) != dim:
        raise KernelError(f"the vector of a query has {len(vector)} numbers instead of {dim}")
    return vector


def _texts(values: list[bytes], top_k: int) -> Array:
    padded = np.full((1, top_k), b"", object)
    padded[0, : len(values)] = values
    return padded

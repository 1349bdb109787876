"""Gives recorded answers again, with the version that gave them, and says where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from schema.errors import UserError
from schema.served.versions import versions
from serving.model.holder import RARE, Served, warm
from serving.model.pushed_model import PushedModel
from serving.new_products.merging import NewProducts
from serving.new_products.side_index import SideIndex, SideProduct
from serving.recommend.fallback import popular_answer
from serving.recommend.product_queries import search_answer, similar_answer
from serving.recommend.recommending import Recommending
from serving.recommend.requests import RecommendationRequest, SearchRequest, SimilarRequest
from serving.replay.recording import FORMAT, RecordedShop

UNCOMPARED: Final = ("timings_ms", "ages_s")
_WITHOUT_MODEL: Final = ("popular", "popular_in_segment")

Entry = dict[str, Any]


def read_record(path: Path) -> list[Entry]:
    """The lines of a record.

    Raises:
        UserError: There is no such file, or a line is not one of ours (its number is named).
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The record cannot be read. Received: {path} ({error}).") from error
    entries = []
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            is_ours = entry["format"] == FORMAT and ("products" in entry or entry["route"] in _ROUTES)
        except (ValueError, KeyError, TypeError):
            is_ours = False
        if not is_ours:
            raise UserError(
                f"{path}:{number}: not a line that `towerline serve --record` wrote. Remedy: cut it off, if "
                "the server was killed while it wrote it."
            )
        entries.append({**entry, "line": number})
    return entries


class Replay:
    """Answers recorded requests.

    Args:
        directory: The push directory.
        entries: Of `read_record`.

    Raises:
        UserError: A version that is needed is not there any more.
    """

    def __init__(self, directory: Path, entries: list[Entry]) -> None:
        self._directory, self._entries = directory, entries
        there = {str(version) for version in versions(directory)}
        gone = sorted({entry["model_version"] for entry in entries if "route" in entry} - there, key=int)
        if gone:
            raise UserError(
                f"{directory} has no version {', '.join(gone)} any more, which gave recorded answers. "
                "Remedy: put it back, or replay a newer record."
            )
        self._served: dict[tuple[str, bool], Served] = {}
        self._hidden: list[str] | None = None

    def answers(self) -> Iterator[tuple[Entry, Any]]:
        """Each recorded entry with the answer that is given now."""
        new_products = NewProducts(SideIndex(None))
        for entry in self._entries:
            if "products" in entry:
                new_products = NewProducts(SideIndex(None))
                new_products.index.products = tuple(SideProduct(**found) for found in entry["products"])
                self._hidden = entry.get("hidden")
                for served in self._served.values():
                    _hide(served, self._hidden)
                continue
            yield entry, json.loads(json.dumps(self._answer(entry, new_products), default=str))

    def _answer(self, entry: Entry, new_products: NewProducts) -> Any:
        served = self._model(entry["model_version"], bool(entry.get("kernel")))
        request = _ROUTES[entry["route"]].model_validate(entry["request"])
        if isinstance(request, SimilarRequest):
            return similar_answer(request, served.model, new_products)
        if isinstance(request, SearchRequest):
            return search_answer(request, served.model, new_products)
        if entry["answer"].get("fallback") in _WITHOUT_MODEL:
            return popular_answer(request, served)
        try:
            return Recommending(RecordedShop(entry["readings"]), new_products).answer(request, served)
        except LookupError as error:
            return {"error": str(error)}

    def _model(self, version: str, kernel: bool) -> Served:
        key = (version, kernel)
        if key not in self._served:
            model = PushedModel(self._directory, int(version), one_thread=True, late=RARE, kernel=kernel)
            if kernel and model.executors.kernel is None:
                raise UserError(
                    f"The kernel of version {version} gave recorded answers, and is not here: "
                    f"{model.executors.without_kernel}. Remedy: replay where it is built."
                )
            self._served = {key: warm(model)}  # one at a time
            _hide(self._served[key], self._hidden)
        return self._served[key]


def _hide(served: Served, product_ids: list[str] | None) -> None:
    """Keeps out what was kept out when the answers were given."""
    if product_ids is not None:
        known = served.model.catalogue.product_ids
        is_hidden = pc.is_in(known, pa.array(product_ids, pa.string()))
        served.model.hide(is_hidden.to_numpy(zero_copy_only=False))
        served.renew()


_ROUTES: Final[dict[str, type[RecommendationRequest | SimilarRequest | SearchRequest]]] = {
    "/v1/recommendations": RecommendationRequest,
    "/v1/similar": SimilarRequest,
    "/v1/search": SearchRequest,
}


def differences(recorded: Any, found: Any, path: str = "") -> list[str]:
    """Where two answers differ, as `items.0.score: 1.5 was recorded, 1.25 found`; times are left out."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        keys = [key for key in {**recorded, **found} if path or key not in UNCOMPARED]
        parts = [
            differences(recorded.get(key, _ABSENT), found.get(key, _ABSENT), f"{path}.{key}".lstrip("."))
            for key in keys
        ]
        return [text for part in parts for text in part]
    if isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        pairs = enumerate(zip(recorded, found, strict=True))
        parts = [differences(first, second, f"{path}.{index}") for index, (first, second) in pairs]
        return [text for part in parts for text in part]
    if type(recorded) is type(found) and recorded == found:
        return []
    return [f"{path or 'answer'}: {_shown(recorded)} was recorded, {_shown(found)} found"]


_ABSENT: Final = object()


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "nothing"
    text = f"a list of {len(value)}" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:79] + "…"

"""Writes requests and answers to a file, with all that is needed to give the same answers again."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from schema.errors import UserError
from schema.features import FeatureSet
from schema.served.request import Query
from schema.source.ids import canonical_id
from serving.new_products.side_index import SideProduct
from serving.recommend.reading import ShopReader
from serving.replay.record_file import RecordFile

FORMAT = 1
Readings = dict[str, Any]
_Digest = tuple[str, list[dict[str, Any]], list[str] | None]


@dataclass(frozen=True)
class Offer:
    """What there was to recommend beside the products of the model.

    Attributes:
        products: Of the side index.
        hidden: Products of the model that were kept out; None if nothing was known of that.
        kernel: Whether the kernel answered what it covers.
    """

    products: Sequence[SideProduct]
    hidden: frozenset[bytes] | None
    kernel: bool = False


class RecordingShop:
    """The product database during one request; what it said is kept.

    Args:
        shop: Is asked.
    """

    def __init__(self, shop: ShopReader) -> None:
        self._shop = shop
        self.readings: Readings = {}

    def question(self, user_id: str, features: FeatureSet, history_length: int) -> tuple[Query, bool]:
        """As the shop's, and kept."""
        with _failure_kept(self.readings, "question"):
            query, known = self._shop.question(user_id, features, history_length)
        self.readings["question"] = {"query": asdict(query), "known": known}
        return query, known

    def known_as(self, user_id: str) -> str:
        """As the shop's."""
        return self._shop.known_as(user_id)

    def now(self) -> int:
        """As the shop's, and kept."""
        with _failure_kept(self.readings, "now"):
            self.readings["now"] = self._shop.now()
        return int(self.readings["now"])

    def product_rows(self, product_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """As the shop's, and kept."""
        with _failure_kept(self.readings, "product_rows"):
            rows = self._shop.product_rows(product_ids)
        self.readings.setdefault("product_rows", {}).update(rows)
        return rows


class RecordedShop:
    """Says what a shop said.

    Args:
        readings: Of a `RecordingShop`.
    """

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def question(self, user_id: str, features: FeatureSet, history_length: int) -> tuple[Query, bool]:
        """As it was read."""
        del user_id, features, history_length
        reading = self._read("question")
        return Query(**reading["query"]), bool(reading["known"])

    def known_as(self, user_id: str) -> str:
        """The id: of forgotten users there is no record."""
        return canonical_id(user_id)

    def now(self) -> int:
        """As it was read."""
        return int(self._read("now"))

    def product_rows(self, product_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """As they were read; products that were not asked for then have no row."""
        rows = self._read("product_rows")
        return {name: rows[name] for name in product_ids if name in rows}

    def _read(self, name: str) -> Any:
        if name in self._readings.get("failed", []):
            raise UserError(f"The product database could not be read ({name}).")
        if name not in self._readings:
            raise LookupError(f"`{name}` was not read when the answer was recorded")
        return self._readings[name]


class Recorder:
    """Appends lines of JSON to a file that only its owner can read.

    Args:
        path: The file; made if it is not there.

    Raises:
        UserError: It cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._file = RecordFile(path)
        self._lock = threading.Lock()
        self._told: str | None = None
        self._digested: tuple[Offer, _Digest] | None = None

    def write(
        self,
        route: str,
        request_id: str,
        request: BaseModel,
        readings: Readings,
        offer: Offer,
        answer: dict[str, Any],
    ) -> None:
        """Writes one answer; what there was to recommend is written when it has changed."""
        digest, listed, hidden = self._digest(offer)
        entry = {
            "format": FORMAT,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "request_id": request_id,
            "route": route,
            "model_version": answer["model_version"],
            "kernel": offer.kernel,
            "side_products": digest,
            "request": request.model_dump(mode="json", exclude_unset=True),
            "readings": readings,
            "answer": answer,
        }
        text = _json(entry) + "\n"
        with self._lock:
            if digest != self._told:
                content = {"format": FORMAT, "digest": digest, "products": listed, "hidden": hidden}
                text = _json(content) + "\n" + text
            self._file.append(text)
            self._told = digest

    def _digest(self, offer: Offer) -> _Digest:
        """Of what there was to recommend; the same objects are not read twice."""
        kept = self._digested
        if kept is None or kept[0].products is not offer.products or kept[0].hidden is not offer.hidden:
            listed = [asdict(product) for product in offer.products]
            hidden = None if offer.hidden is None else sorted(name.decode() for name in offer.hidden)
            digest = sha256(_json([listed, hidden]).encode()).hexdigest()[:16]
            kept = self._digested = (offer, (digest, listed, hidden))
        return kept[1]

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


class _failure_kept:  # noqa: N801  (reads as a function)
    """Notes that a question to the database failed."""

    def __init__(self, readings: Readings, name: str) -> None:
        self._readings, self._name = readings, name

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Notes it; the error goes on."""
        if kind is not None:
            self._readings.setdefault("failed", []).append(self._name)


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)

"""Products that the shop has and the model does not know yet, kept in a file of the work directory."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from schema.errors import UserError
from schema.files import write_json

MOST_PRODUCTS = 10_000
_LOG = logging.getLogger("towerline.serving")


@dataclass(frozen=True)
class SideProduct:
    """A product of the side index.

    Attributes:
        product_id: Its id.
        features: Column -> value, as `checked_features` returns them.
        available: Whether it may be recommended.
    """

    product_id: str
    features: Mapping[str, Any]
    available: bool = True


class SideIndex:
    """The products, in the order in which they came; every change is a new tuple.

    What was added is written to a file, as a whole.

    Args:
        path: The file; None keeps them in memory alone.

    Raises:
        UserError: The file is not one of ours.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._added: tuple[SideProduct, ...] = _read(path) if path is not None else ()
        self._followed: tuple[SideProduct, ...] = ()
        self._listed: frozenset[str] = frozenset()
        self.products = self._added
        """Those that were added, then those of the product table."""

    def put(self, product: SideProduct) -> bool:
        """Adds a product, or replaces it; returns whether it was there.

        Raises:
            ValueError: The index is full.
            OSError: The file cannot be written; nothing has changed then.
        """
        with self._lock:
            others = tuple(p for p in self._added if p.product_id != product.product_id)
            if len(others) >= MOST_PRODUCTS:
                raise ValueError(f"The side index holds at most {MOST_PRODUCTS:,} products.")
            was_there = len(others) < len(self._added)
            self._keep((*others, product))
            return was_there

    def remove(self, product_ids: Collection[str]) -> int:
        """Takes products off, and returns how many were there."""
        with self._lock:
            left = tuple(product for product in self._added if product.product_id not in product_ids)
            count = len(self._added) - len(left)
            if count:
                self._keep(left)
            return count

    def follow(self, products: tuple[SideProduct, ...], listed: frozenset[str]) -> None:
        """Takes over new products of the product table, which go before those that were added.

        They are not written: the table has them.

        Args:
            products: Those that may be recommended.
            listed: Ids of all that the table has.
        """
        with self._lock:
            if products != self._followed or listed != self._listed:
                self._followed, self._listed = products, listed
                self._join()

    def _keep(self, products: tuple[SideProduct, ...]) -> None:
        if self._path is not None:
            write_json(self._path, {"products": [asdict(product) for product in products]})
        self._added = products
        self._join()

    def _join(self) -> None:
        added = tuple(product for product in self._added if product.product_id not in self._listed)
        self.products = added + self._followed


def _read(path: Path) -> tuple[SideProduct, ...]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(SideProduct(**product) for product in content["products"])
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is not a side index of products ({error}). Remedy: mend it, or move it away."
        ) from error

"""Lets products of the side index into the answers, by the candidate tower of the model that is served."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureColumn, Kind
from schema.served.request import Query
from schema.values.members import member_words
from serving.model.catalogue import Catalogue
from serving.model.embeddings import embed_products, embed_query, embeds_products, nearest
from serving.model.items import Items, renumbered
from serving.model.pushed_model import PushedModel
from serving.new_products import lexical
from serving.new_products.inserting import SOURCE, inserted, slots_for_new
from serving.new_products.side_index import SideIndex, SideProduct
from serving.new_products.side_rules import permitted

_LEAST_TEXT = 0.15
"""Likeness to a text from which a new product is found by it."""

_WHY = "products that the model does not know are embedded"

_Made = tuple[SideProduct, np.ndarray, bool]
"""A product, its unit vector, and whether the model knows it."""


@dataclass(frozen=True)
class Embedded:
    """The side index in the space of one model.

    Attributes:
        products: Those that may be recommended and that the model does not know.
        vectors: Their unit vectors `[products, dim]`.
    """

    products: tuple[SideProduct, ...]
    vectors: np.ndarray

    def cosines(self, vector: np.ndarray) -> np.ndarray:
        """With a vector `[dim]`, `[products]`."""
        length = float(np.linalg.norm(vector))
        return np.asarray(self.vectors @ vector / length if length else np.zeros(len(self.products)))


class NewProducts:
    """Answers about the products of the side index; products that the model has come to know leave it.

    Args:
        index: The side index.
    """

    def __init__(self, index: SideIndex) -> None:
        self.index = index
        self._lock = threading.Lock()
        self._embedded: tuple[PushedModel, tuple[SideProduct, ...], Embedded] | None = None
        self._made: tuple[PushedModel, dict[str, _Made]] | None = None
        self._extended: tuple[Embedded, Catalogue] | None = None

    def embedded(self, model: PushedModel) -> Embedded | None:
        """The side index for a model; None if there is nothing in it, or nothing that the model can embed.

        None, too, while the session of the model is being loaded for them: they come in when it is there.
        """
        if not self.index.products or not embeds_products(model) or not model.has_session(_WHY):
            return None
        return self._embedded_by(model)

    def offered(self, model: PushedModel | None) -> tuple[SideProduct, ...]:
        """The products that its answers may have now."""
        return self.index.products if model is None or model.session.is_warm else ()

    def _embedded_by(self, model: PushedModel) -> Embedded | None:
        products = self.index.products
        with self._lock:
            if self._embedded is None or self._embedded[0] is not model or self._embedded[1] is not products:
                if self._embedded is None or self._embedded[0] is not model:
                    _warm(model)
                self._embedded = (model, products, self._embed(model, products))
            found = self._embedded[2]
        return found if found.products else None

    def prepare(self, model: PushedModel, products: Sequence[SideProduct]) -> dict[str, _Made]:
        """Embeds products, those that are to come as well, so that no request waits for it.

        While the session of the model is being loaded that waits.
        """
        if not products or not model.has_session(_WHY):
            return {}
        return self._prepared(model, products)

    def _prepared(self, model: PushedModel, products: Sequence[SideProduct]) -> dict[str, _Made]:
        kept = self._made
        known = kept[1] if kept is not None and kept[0] is model else {}
        new = [product for product in products if not _is_same(known.get(product.product_id), product)]
        if new:
            vectors, are_known = embed_products(model, [(one.product_id, one.features) for one in new])
            made = zip(new, vectors, are_known.tolist(), strict=True)
            known = {**known, **{one.product_id: (one, *found) for one, *found in made}}
            self._made = (model, known)
        return known

    def catalogue(self, model: PushedModel) -> Catalogue:
        """The product table of a model, with the products of the side index below.

        Raises:
            UserError: The model was pushed before there was such a table.
        """
        found = self.embedded(model)
        if found is None:
            return model.catalogue
        kept = self._extended
        if kept is None or kept[0] is not found:
            rows = {product.product_id: product.features for product in found.products}
            kept = self._extended = (found, model.catalogue.extended(rows))
        return kept[1]

    def retire(self, model: PushedModel) -> int:
        """Drops the products that a model knows, returns how many, and makes ready for the others.

        While the session of the model is being loaded that waits: `take_session` does it then.
        """
        products = self.index.products
        if not products or not embeds_products(model) or not model.has_session(_WHY):
            return 0
        return self.take_session(model)

    def take_session(self, model: PushedModel) -> int:
        """Does what `retire` does, in the thread that has loaded the session of a model."""
        products = self.index.products
        if not products or not embeds_products(model):
            return 0
        _, known = embed_products(model, [(product.product_id, product.features) for product in products])
        gone = [product.product_id for product, is_known in zip(products, known, strict=True) if is_known]
        count = self.index.remove(gone)
        self._embedded_by(model)
        return count

    def _embed(self, model: PushedModel, products: Sequence[SideProduct]) -> Embedded:
        made = self._prepared(model, products)
        found = [made[product.product_id] for product in products]
        self._made = (model, {entry[0].product_id: entry for entry in found})
        kept = [
            (product, vector) for product, vector, is_known in found if product.available and not is_known
        ]
        vectors = np.stack([vector for _, vector in kept]) if kept else np.zeros((0, 0))
        return Embedded(tuple(product for product, _ in kept), vectors)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Product id -> its row, as the database would have it."""
        return {product.product_id: row(product) for product in self.index.products}

    def joined(
        self, items: Items, query: Query, model: PushedModel, top_k: int, exclude_purchased: bool
    ) -> Items:
        """Recommendations with the new products that the towers alone would have put among the first `top_k`.

        Each stands at the rank that retrieval gives it in the whole catalogue, with a score between those of
        its neighbours; of five slots they get one. What rules have pinned stays where it is, and what they
        forbid stays out.
        """
        found = self.embedded(model)
        if found is None or not items:
            return items
        vector = embed_query(model, query)
        retrieved = [-item["score"] for item in nearest(model, vector, top_k)]
        left_out = set(query.product_ids) if exclude_purchased else set()
        cosines = found.cosines(vector)
        slots = [
            (bisect_left(retrieved, -float(cosines[number])), found.products[number].product_id)
            for number in np.argsort(-cosines, kind="stable")
        ]
        slots = [(slot, name) for slot, name in slots if slot < top_k and name not in left_out]
        may_join = permitted(
            [name for _, name in slots],
            [item["product_id"] for item in items],
            model.rules,
            query,
            model.features,
            self.catalogue(model),
        )
        slots = [(slot, name) for slot, name in slots if name in may_join]
        reason = "new, of a kind that you buy" if query.product_ids else "new"
        return inserted(items, slots[: slots_for_new(top_k)], reason, top_k)

    def similar(self, items: Items, product_id: str, model: PushedModel, top_k: int, blend: float) -> Items:
        """Products like a product, of which any may be new; empty if nobody knows the product."""
        found = self.embedded(model)
        if found is None:
            return items
        by_id = {product.product_id: index for index, product in enumerate(found.products)}
        if product_id in by_id:
            vector = found.vectors[by_id[product_id]]
            items = [
                _like(item["product_id"], item["score"], blend) for item in nearest(model, vector, top_k)
            ]
        elif items:
            vector = embed_products(model, [(product_id, {})])[0][0]
        else:
            return items
        cosines = found.cosines(vector)
        others = [
            _like(name, float(cosines[index]), blend) | {"source": SOURCE}
            for name, index in by_id.items()
            if name != product_id
        ]
        return _ranked([*items, *others], top_k)

    def near(
        self, items: Items, embedding: np.ndarray, model: PushedModel, top_k: int, column: str | None
    ) -> Items:
        """Products nearest to a vector, of which any may be new."""
        found = self.embedded(model)
        if found is None:
            return items
        if column is None:
            cosines = found.cosines(embedding)
        else:
            cosines = np.array(
                [_cosine(product.features.get(column), embedding) for product in found.products]
            )
        others = [
            {"product_id": product.product_id, "score": float(cosine), "source": SOURCE}
            for product, cosine in zip(found.products, cosines, strict=True)
            if not np.isnan(cosine)
        ]
        return _ranked([*items, *others], top_k)

    def search(self, items: Items, text: str, model: PushedModel, top_k: int) -> Items:
        """Products for a text, of which any may be new."""
        found = self.embedded(model)
        if found is None:
            return items
        wanted = lexical.parts(text)
        others = []
        for product in found.products:
            score = lexical.likeness(wanted, lexical.parts(_text(product, model)))
            if score >= _LEAST_TEXT:
                others.append(
                    {"product_id": product.product_id, "score": score, "text": score, "source": SOURCE}
                )
        return _ranked([*items, *others], top_k)


def row(product: SideProduct) -> dict[str, Any]:
    """A product as a row of the database."""
    return {
        names.PRODUCT_ID: product.product_id,
        **product.features,
        names.AVAILABLE: int(product.available),
    }


def _warm(model: PushedModel) -> None:
    """The first call of a signature is slow."""
    nearest(model, embed_query(model, Query("", 1)), 1)


def _is_same(entry: _Made | None, product: SideProduct) -> bool:
    return entry is not None and (entry[0] is product or entry[0] == product)


def _ranked(items: Items, top_k: int) -> Items:
    ordered = sorted(items, key=lambda item: -item["score"])[:top_k]
    return renumbered(ordered)


def _like(product_id: str, cosine: float, blend: float) -> dict[str, Any]:
    score = (1.0 - blend) * cosine
    return {"rank": 0, "product_id": product_id, "score": score, "bought_together": 0.0, "content": cosine}


def _cosine(value: Any, embedding: np.ndarray) -> float:
    if value is None:
        return float("nan")
    product = float(np.linalg.norm(value) * np.linalg.norm(embedding))
    return float(np.dot(value, embedding)) / product if product else float("nan")


def _text(product: SideProduct, model: PushedModel) -> str:
    columns = [
        column
        for column in model.features.products
        if column.kind in (Kind.TEXT, Kind.CATEGORY) or column.has_members
    ]
    return " ".join(_words(product.features.get(column.name), column) for column in columns)


def _words(value: Any, column: FeatureColumn) -> str:
    if value is None:
        return ""
    return member_words(value, column) if column.has_members else str(value)

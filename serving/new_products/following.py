"""Brings what the product table says into the answers: what is sold out, what is gone, what is new."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.errors import UserError
from schema.features import FeatureColumn, Kind, types_of
from schema.rules import BoolArray
from schema.source import PRODUCTS, ProductSource
from schema.source.product_states import States
from schema.values.members import members
from serving.model.embeddings import embeds_products
from serving.model.pushed_model import PushedModel
from serving.new_products.merging import NewProducts
from serving.new_products.side_index import MOST_PRODUCTS, SideProduct

_LOG = logging.getLogger("towerline.serving")


class Following:
    """Keeps models and the side index as the product table is.

    A product is hidden if a row of it says that it is not available, or if it had a row and has none any
    more. What events alone name never had one. A row of a product that the model does not know makes it
    reachable, as if it had been posted.

    Args:
        new_products: Of the side index.
    """

    def __init__(self, new_products: NewProducts) -> None:
        self._new = new_products
        self._lock = threading.RLock()
        self._states: States | None = None
        self._models: list[tuple[weakref.ref[PushedModel], BoolArray]] = []
        self._rows: dict[str, SideProduct] = {}
        self.on_hidden: list[Callable[[PushedModel], object]] = []
        """Called with a model after it hides other products."""

    def attach(self, model: PushedModel) -> None:
        """Keeps a model up to date from now on, as long as there is one."""
        try:
            had_row = model.catalogue.described()
        except UserError as error:
            _LOG.warning("what is sold out cannot be kept out: %s", error)
            return
        with self._lock:
            self._models = [(known, rows) for known, rows in self._models if known() is not None]
            self._models.append((weakref.ref(model), had_row))
            if self._states is not None:
                self._apply(model, had_row, self._states)

    def take(self, states: States, source: ProductSource) -> None:
        """Takes over what the table says.

        Raises:
            UserError: The rows of new products cannot be read.
        """
        with self._lock:
            # Where `updated_at` or files say that something has changed, it may be a value of these rows.
            read_again = self._states is states or names.UPDATED_AT in source.columns(PRODUCTS)
            self._states = states
            models = [(model, rows) for known, rows in self._models if (model := known()) is not None]
            for model, had_row in models:
                self._apply(model, had_row, states)
            if models:
                self._follow_new(models[-1][0], states, source, read_again)

    def _apply(self, model: PushedModel, had_row: BoolArray, states: States) -> None:
        before = model.hidden_ids
        _hide(model, had_row, states)
        if model.hidden_ids != before:
            for step in self.on_hidden:
                step(model)

    def _follow_new(
        self, model: PushedModel, states: States, source: ProductSource, read_again: bool
    ) -> None:
        if not embeds_products(model):
            return
        is_new = pc.invert(pc.is_in(states.product_ids, model.catalogue.product_ids))
        is_new = pc.and_(is_new, pc.is_valid(states.product_ids))
        listed = states.product_ids.filter(is_new).to_pylist()
        wanted = states.product_ids.filter(pc.and_(is_new, states.available)).to_pylist()
        if len(wanted) > MOST_PRODUCTS:
            _LOG.warning("of %s new products the first %s are reachable", len(wanted), MOST_PRODUCTS)
            wanted = wanted[:MOST_PRODUCTS]
        missing = [name for name in wanted if read_again or name not in self._rows]
        found = _products(model, missing, source) if missing else {}
        rows = {name: found.get(name, self._rows.get(name)) for name in wanted}
        self._rows = {name: product for name, product in rows.items() if product is not None}
        products = tuple(self._rows.values())
        self._new.prepare(model, products)
        self._new.index.follow(products, frozenset(listed))
        self._new.embedded(model)  # now, so that no request waits for it


def hide_sold_out(model: PushedModel, source: ProductSource) -> None:
    """Hides, once, what the product table has no more or says is not available.

    Raises:
        UserError: The table cannot be read, or the model was pushed without its table of products.
    """
    states = source.product_states().changed()
    if states is not None:
        _hide(model, model.catalogue.described(), states)


def _hide(model: PushedModel, had_row: BoolArray, states: States) -> None:
    known = model.catalogue.product_ids
    is_listed = _among(known, states.product_ids)
    had_row |= is_listed
    sold_out = _among(known, states.product_ids.filter(pc.invert(states.available)))
    model.hide(sold_out | (had_row & ~is_listed))


def _products(
    model: PushedModel, product_ids: Sequence[str], source: ProductSource
) -> dict[str, SideProduct]:
    """The rows of products, as those are that are posted; what has no value of any column is left out."""
    columns = [column for column in model.features.products if column.kind is not Kind.IGNORE]
    rows = source.product_rows(product_ids, types_of(model.features.products)).to_pylist()
    found = {}
    for row in rows:
        features = {column.name: value for column in columns if (value := _held(row, column)) is not None}
        if features:
            found[row[names.PRODUCT_ID]] = SideProduct(row[names.PRODUCT_ID], features)
    return found


def _held(row: Mapping[str, Any], column: FeatureColumn) -> Any:
    """A value as `checked_value` has it."""
    value = row.get(column.name)
    return (list(members(value, column)) or None) if column.has_members else value


def _among(product_ids: pa.Array, others: pa.Array) -> BoolArray:
    return np.asarray(pc.is_in(product_ids, others).to_numpy(zero_copy_only=False), np.bool_)

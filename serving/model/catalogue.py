"""What the pushed model knows of its products: what filters, preferences and diversity ask for."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from schema import names
from schema.errors import UserError
from schema.rules import BoolArray, SimpleCondition, matches, text_choices
from schema.values.value_text import value_text
from serving.model.conditions import Conditions, met

_UNKNOWN: Final = -1

IntArray = npt.NDArray[np.int64]


class Catalogue:
    """The product table of a pushed version, one array a column.

    Args:
        folder: Of the version.

    Raises:
        UserError: The model was pushed before there was such a table.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / names.SERVED_PRODUCTS
        if not path.is_file():
            raise UserError(
                f"Model {folder.name} was pushed without its table of products, which filters, preferences "
                "and diversity need. Remedy: `towerline run` pushes one that has it."
            )
        table = pq.read_table(path)
        ids = table[names.PRODUCT_ID].to_pylist()
        self.product_ids = table[names.PRODUCT_ID].combine_chunks()
        """Those that the model knows, in its order."""
        self._row = {product_id: row for row, product_id in enumerate(ids)}
        self.num_products = len(ids)
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self._values: dict[str, dict[str, int]] = {}
        for raw in table.column_names:
            if raw.startswith(names.PRODUCT_PREFIX):
                self._take(raw.removeprefix(names.PRODUCT_PREFIX), table[raw].combine_chunks())

    def extended(self, rows: Mapping[str, Mapping[str, Any]]) -> Catalogue:
        """The table with further products below its own.

        Args:
            rows: Product id -> values of its columns.
        """
        more = copy.copy(self)
        below = {product_id: self.num_products + number for number, product_id in enumerate(rows)}
        more._row = {**self._row, **below}
        more.num_products = self.num_products + len(rows)
        more._values = {column: dict(known) for column, known in self._values.items()}
        more._columns = {}
        for column, values in self._columns.items():
            added = more._encoded(column, [row.get(column) for row in rows.values()], values.ndim == 2)
            more._columns[column] = np.concatenate(_as_wide(values, added))
        return more

    def rows(self, product_ids: Sequence[str]) -> IntArray:
        """Rows of products, -1 for what the table lacks `[ids]`."""
        return np.array([self._row.get(product_id, _UNKNOWN) for product_id in product_ids], np.int64)

    def described(self) -> BoolArray:
        """Which products have any value at all, as those do not that events alone name `[products]`."""
        found = np.zeros(self.num_products, np.bool_)
        for column, values in self._columns.items():
            found |= _known(values) if column in self._values else ~np.isnan(values)
        return found

    def met(self, wanted: Conditions) -> npt.NDArray[np.int64]:
        """How many of the wanted values each product has `[products]`; a missing value is none."""
        total = np.zeros(self.num_products, np.int64)
        for column, value in wanted.items():
            total += self._meets(column, value)
        return total

    def have(self, product_ids: Sequence[str], wanted: Conditions) -> BoolArray:
        """Whether each product has all of the wanted values, of which one may be its id `[ids]`."""
        rows = self.rows(product_ids)
        kept: BoolArray = rows != _UNKNOWN
        for column, value in wanted.items():
            if column == names.PRODUCT_ID:
                ids = np.array(product_ids, object)
                kept &= met(value, lambda wanted: matches(ids, wanted))  # noqa: B023  (called at once)
            else:
                kept &= self._meets(column, value)[rows]
        return kept

    def values(self, product_id: str, column: str) -> tuple[Any, ...]:
        """A product's text, the members of its set or path, or its number; () if it is missing."""
        if product_id not in self._row or column not in self._columns:
            return ()
        found = self._columns[column][self._row[product_id]]
        if column not in self._values:
            return () if math.isnan(found) else (found,)
        texts = list(self._values[column])
        return tuple(texts[code] for code in np.atleast_1d(found) if code != _UNKNOWN)

    def categories(self, columns: Sequence[str], rows: IntArray) -> IntArray:
        """Codes of columns of texts and sets, -1 where missing, and padding `[rows, columns, members]`."""
        found = [self._columns[column][rows] for column in columns if column in self._values]
        codes = [values if values.ndim == 2 else values[:, np.newaxis] for values in found]
        width = max([1, *(values.shape[1] for values in codes)])
        padded = [_widened(values, width) for values in codes]
        return np.stack(padded, axis=1) if codes else np.zeros((len(rows), 0, 1), np.int64)

    def _encoded(self, column: str, values: Sequence[Any], is_set: bool) -> npt.NDArray[Any]:
        """Values as the column holds them; texts that are new to it get codes of their own."""
        if column not in self._values:
            return np.array([math.nan if value is None else float(value) for value in values], np.float64)
        known = self._values[column]
        if is_set:
            codes = [[known.setdefault(text, len(known)) for text in members or ()] for members in values]
            return _padded(codes)
        texts = [None if value is None else value_text(value) for value in values]
        return np.array(
            [_UNKNOWN if text is None else known.setdefault(text, len(known)) for text in texts], np.int64
        )

    def _take(self, column: str, values: pa.Array) -> None:
        if pa.types.is_floating(values.type):
            self._columns[column] = values.to_numpy(zero_copy_only=False)
            return
        is_list = pa.types.is_list(values.type)
        encoded = (values.flatten() if is_list else values).dictionary_encode()
        codes = encoded.indices.fill_null(_UNKNOWN).to_numpy(zero_copy_only=False).astype(np.int64)
        if is_list:
            ends = np.cumsum(values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False))
            codes = _padded([part.tolist() for part in np.split(codes, ends[:-1])])
        self._columns[column] = codes
        self._values[column] = {value: code for code, value in enumerate(encoded.dictionary.to_pylist())}

    def _meets(self, column: str, condition: Any) -> BoolArray:
        return met(condition, lambda wanted: self._has(column, wanted))

    def _has(self, column: str, wanted: SimpleCondition) -> BoolArray:
        """`schema.rules.matches` by the codes of texts, so that no text is compared."""
        if column not in self._columns:
            return np.zeros(self.num_products, np.bool_)
        if column not in self._values:
            return matches(self._columns[column], wanted)
        known = self._values[column]
        codes = [known[text] for text in text_choices(wanted) if text in known]
        has = np.isin(self._columns[column], codes)
        return np.asarray(has.any(axis=1) if has.ndim == 2 else has)


def _known(codes: IntArray) -> BoolArray:
    known = codes != _UNKNOWN
    return np.asarray(known.any(axis=1) if known.ndim == 2 else known)


def _padded(rows: Sequence[Sequence[int]]) -> IntArray:
    """Rows of codes, -1 pads `[rows, the longest, at least 1]`."""
    padded = np.full((len(rows), max([1, *map(len, rows)])), _UNKNOWN, np.int64)
    for row, codes in enumerate(rows):
        padded[row, : len(codes)] = codes
    return padded


def _as_wide(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Both of one width, if they are columns of sets."""
    if first.ndim == 1:
        return [first, second]
    width = max(first.shape[1], second.shape[1])
    return [_widened(first, width), _widened(second, width)]


def _widened(codes: IntArray, width: int) -> IntArray:
    return np.pad(codes, ((0, 0), (0, width - codes.shape[1])), constant_values=_UNKNOWN)

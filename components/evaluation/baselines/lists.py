"""The lists of all baselines on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.evaluation.lists import NOTHING, IntArray
from components.interactions.events import encode
from schema import names
from schema.files import whole_file

LISTS_FILE = "lists.parquet"
TUNING_FILE = "baselines.json"
_SYSTEM, _QUESTION, _PRODUCTS = "system", "question", "product_ids"


def lists_table(system: str, question: str, user_ids: pa.Array, ranked: IntArray, ids: pa.Array) -> pa.Table:
    """One row a user: `question`, `system`, `user_id` and `product_ids`, best first.

    Args:
        system: Name of the baseline.
        question: `all` or `new`.
        user_ids: Of the queries.
        ranked: Product codes `[queries, top_k]`, -1 for an empty slot.
        ids: The catalogue that codes point into.
    """
    present = ranked != NOTHING
    offsets = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.int32)
    products = ids.take(pa.array(ranked[present]))
    size = len(ranked)
    return pa.table(
        {
            _QUESTION: pa.array([question] * size, pa.string()),
            _SYSTEM: pa.array([system] * size, pa.string()),
            names.USER_ID: user_ids.cast(pa.string()),
            _PRODUCTS: pa.ListArray.from_arrays(pa.array(offsets), products.cast(pa.string())),
        }
    )


def write_lists(directory: Path, tables: Sequence[pa.Table]) -> None:
    """Writes the rows of all baselines under a temporary name, then renames the file."""
    with whole_file(directory / LISTS_FILE) as temporary:
        pq.write_table(pa.concat_tables(tables), temporary)


def read_lists(
    directory: Path, question: str, user_ids: pa.Array, product_ids: pa.Array
) -> dict[str, IntArray]:
    """Reads the lists of one question, in the order of the queries.

    Args:
        directory: A BaselineLists artifact.
        question: `all` or `new`.
        user_ids: Of the queries.
        product_ids: The catalogue.

    Returns:
        System -> product codes `[queries, top_k]`, -1 for an empty slot.

    Raises:
        ValueError: A user has no list.
    """
    table = pq.read_table(directory / LISTS_FILE, filters=[(_QUESTION, "==", question)])
    found: dict[str, IntArray] = {}
    for system in table[_SYSTEM].unique().to_pylist():
        rows = table.filter(pa.compute.equal(table[_SYSTEM], system)).combine_chunks()
        row = encode(user_ids, rows[names.USER_ID].combine_chunks())
        if (row == NOTHING).any():
            raise ValueError(
                f"Baseline {system} has no list for a user of the test window. "
                f"Received: {int((row == NOTHING).sum())} such users. "
                "Remedy: run BaselineRecommender again."
            )
        lists = rows[_PRODUCTS].combine_chunks()
        lengths = np.diff(lists.offsets.to_numpy())
        codes = np.full((len(rows), int(lengths.max(initial=0))), NOTHING, np.int64)
        present = np.arange(codes.shape[1])[None, :] < lengths[:, None]
        codes[present] = encode(lists.flatten(), product_ids)
        found[system] = codes[row]
    return found

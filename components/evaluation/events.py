"""The events as integer codes, and what was known of them at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.evaluation.lists import NOTHING, BoolArray, CodeLists, IntArray
from schema import names


def encode(ids: pa.Array | pa.ChunkedArray | Sequence[str], vocabulary: pa.Array) -> IntArray:
    """Positions of `ids` in `vocabulary`, -1 where it lacks them."""
    values = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids, pa.string())
    found = pc.index_in(values.cast(vocabulary.type), value_set=vocabulary)
    return np.asarray(pc.fill_null(found, NOTHING).to_numpy(), np.int64)


@dataclass(frozen=True)
class OtherEvents:
    """Events that are no targets, with the codes of the log they belong to, `[events]` each."""

    users: IntArray
    products: IntArray
    times: IntArray

    def before(self, moment: int) -> OtherEvents:
        """Those on products of the catalogue strictly before a cutoff."""
        kept = (self.times < moment) & (self.products >= 0)
        return OtherEvents(self.users[kept], self.products[kept], self.times[kept])


@dataclass(frozen=True)
class EventLog:
    """All positive events (weight above zero) of the database.

    Attributes:
        user_ids: Vocabulary of the user codes.
        num_products: Size of the catalogue that product codes point into.
        users: Code of each event's user, `[events]`.
        products: Code of each event's product, `[events]`; -1 outside the catalogue.
        times: Epoch seconds, `[events]`.
        others: Events that are no targets, such as views.
    """

    user_ids: pa.Array
    num_products: int
    users: IntArray
    products: IntArray
    times: IntArray
    others: OtherEvents | None = None


def read_events(directory: str, product_ids: pa.Array) -> EventLog:
    """Reads an Interactions artifact.

    Args:
        directory: Folder with the Parquet parts.
        product_ids: The catalogue; gives the product codes.
    """
    columns = [names.USER_ID, names.PRODUCT_ID, names.OCCURRED_AT, names.WEIGHT]
    coded = [names.USER_ID, names.PRODUCT_ID]
    parts = [
        pq.read_table(path, columns=columns, read_dictionary=coded)
        for path in sorted(Path(directory).glob("part-*.parquet"))
    ]
    if not parts:
        raise ValueError(
            "An Interactions artifact holds files `part-*.parquet`. "
            f"Received: directory={directory!r} without any. Remedy: run ProductExampleGen again."
        )
    table = pa.concat_tables(parts).unify_dictionaries()
    table = table.combine_chunks()
    users, products = (_dictionary(table[name]) for name in coded)
    in_catalogue = encode(products.dictionary, product_ids)
    user = users.indices.to_numpy().astype(np.int64)
    product = in_catalogue[products.indices.to_numpy()]
    time = table[names.OCCURRED_AT].to_numpy().astype(np.int64)
    positive = table[names.WEIGHT].to_numpy() > 0
    rest = OtherEvents(user[~positive], product[~positive], time[~positive])
    return EventLog(
        user_ids=users.dictionary,
        num_products=len(product_ids),
        users=user[positive],
        products=product[positive],
        times=time[positive],
        others=rest if len(rest.times) else None,
    )


def _dictionary(column: pa.ChunkedArray) -> pa.DictionaryArray:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


@dataclass(frozen=True)
class Past:
    """The positive events strictly before a moment: all that a baseline may look at.

    Attributes:
        moment: Epoch seconds.
        users: `[events]`.
        products: `[events]`; never -1.
        times: `[events]`; all before `moment`.
        num_users: Size of the user vocabulary.
        recommendable: Products that may be recommended, `[products]`.
        others: Events that are no targets.
    """

    moment: int
    users: IntArray
    products: IntArray
    times: IntArray
    num_users: int
    recommendable: BoolArray
    others: OtherEvents | None = None

    @classmethod
    def before(cls, log: EventLog, moment: int, recommendable: BoolArray) -> Past:
        """Returns the part of `log` strictly before `moment`."""
        known = (log.times < moment) & (log.products >= 0)
        return cls(
            moment,
            log.users[known],
            log.products[known],
            log.times[known],
            len(log.user_ids),
            recommendable,
            log.others.before(moment) if log.others else None,
        )

    def rows_of(self, users: IntArray) -> IntArray:
        """Position in `users` of each event's user, -1 for users that are not asked for; `[events]`."""
        known = users[users >= 0]
        if len(np.unique(known)) < len(known):
            raise ValueError(
                "Each user is asked for once. Received: repeated codes in users. Remedy: one query per user."
            )
        row_of_user = np.full(self.num_users, NOTHING, np.int64)
        row_of_user[known] = np.nonzero(users >= 0)[0]
        return row_of_user[self.users]

    def purchased(self, users: IntArray, since: int | None = None) -> CodeLists:
        """Products of each user's events, from `since` on if it is given."""
        rows = self.rows_of(users)
        if since is not None:
            rows = np.where(self.times >= since, rows, NOTHING)
        return CodeLists.from_pairs(rows, self.products, len(users))

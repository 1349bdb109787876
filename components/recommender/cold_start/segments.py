"""What is popular in each segment of users: for those of whom nothing else is known.

A segment is a value of a category column of `users`. Its products are ordered by how many of its users bought
them of late, smoothed by what everybody bought, as if thirty more users had bought like everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from components.evaluation.examples import first_values, flat_texts, read_columns, texts
from components.interactions.events import encode
from schema import names
from schema.features import FeatureSet, Kind

LIST_LENGTH = 200
_MIN_USERS = 30
_PRIOR_USERS = 30.0
_MAX_SEGMENTS = 200


@dataclass(frozen=True)
class Segments:
    """Lists of popular products; the last is everybody's.

    Attributes:
        columns: Input of the served model that tells the segment, of each list but the last.
        values: The value that it has there.
        products: `[lists, length]`, -1 pads; segments that differ most from everybody come first.
    """

    columns: tuple[str, ...]
    values: tuple[str, ...]
    products: np.ndarray


@dataclass(frozen=True)
class Purchases:
    """Distinct pairs of user and product, and the categories of the users.

    Attributes:
        users: `[pairs]`.
        products: Indices in the vocabulary `[pairs]`.
        categories: Input of the served model -> value of each user, None where missing `[users]`.
        num_users: Users.
    """

    users: np.ndarray
    products: np.ndarray
    categories: Mapping[str, np.ndarray]
    num_users: int


def read_purchases(
    examples_uri: str,
    splits: Sequence[str],
    features: FeatureSet,
    product_ids: Sequence[str],
    since: int,
) -> Purchases:
    """Reads the targets of query rows.

    Args:
        examples_uri: Raw Examples.
        splits: Those that lie before the cutoff that is served.
        features: Feature columns.
        product_ids: The product vocabulary.
        since: Rows of an earlier cutoff are left out, epoch seconds.
    """
    categories = [raw for raw, column in features.user_columns().items() if column.kind is Kind.CATEGORY]
    kinds = {names.USER_ID: "BYTES", names.QUERY_TIME: "INT", names.TARGET_PRODUCT_ID: "BYTES"}
    wanted = {**kinds, **dict.fromkeys(categories, "BYTES")}
    parts = [read_columns(examples_uri, split, wanted) for split in splits]
    table = pa.concat_tables([part for part in parts if len(part)], promote_options="permissive")
    table = table.filter(pa.array(first_values(table, names.QUERY_TIME).to_numpy() >= since))
    ids = texts(first_values(table, names.USER_ID)).combine_chunks()
    distinct = ids.unique()
    user_of_row = encode(ids, distinct)
    rows, targets = flat_texts(table, names.TARGET_PRODUCT_ID)
    product = encode(targets, pa.array(product_ids, pa.string()))
    pairs = np.stack([user_of_row[rows], product], axis=1)[product >= 0]
    pairs = np.unique(pairs, axis=0) if len(pairs) else np.zeros((0, 2), np.int64)
    return Purchases(
        pairs[:, 0], pairs[:, 1], _of_users(table, categories, user_of_row, len(distinct)), len(distinct)
    )


def _of_users(
    table: pa.Table, categories: Sequence[str], user_of_row: np.ndarray, num_users: int
) -> dict[str, np.ndarray]:
    found = {}
    for raw in categories:
        values = first_values(table, raw)
        if pa.types.is_null(values.type):
            continue
        of_user = np.full(num_users, None, object)
        of_user[user_of_row] = texts(values).to_pylist()
        found[raw] = of_user
    return found


def make_segments(
    purchases: Purchases, available: np.ndarray, popularity: np.ndarray | None = None
) -> Segments:
    """Orders the available products of each segment with at least thirty users.

    Args:
        purchases: Before the cutoff that is served.
        available: Which products may be recommended, bool `[products]`.
        popularity: Orders everybody's list, positive `[products]`; the share of buyers if None.
    """
    size = len(available)
    overall = np.bincount(purchases.products, minlength=size).astype(float)
    share = overall / max(purchases.num_users, 1)
    found: list[tuple[float, str, str, np.ndarray]] = []
    for column, values in purchases.categories.items():
        for value in sorted({value for value in values if value is not None}):
            users = values == value
            if users.sum() < _MIN_USERS:
                continue
            own = np.bincount(purchases.products[users[purchases.users]], minlength=size)
            smooth = (own + _PRIOR_USERS * share) / (users.sum() + _PRIOR_USERS)
            found.append((_divergence(smooth, share), column, value, _best(smooth, available)))
    found.sort(key=lambda entry: (-entry[0], entry[1], entry[2]))
    found = found[:_MAX_SEGMENTS]
    return Segments(
        tuple(entry[1] for entry in found),
        tuple(entry[2] for entry in found),
        np.stack(
            [*(entry[3] for entry in found), _best(share if popularity is None else popularity, available)]
        ),
    )


def _best(score: np.ndarray, available: np.ndarray) -> np.ndarray:
    order = np.argsort(-np.where(available, score, 0.0), kind="stable")[:LIST_LENGTH]
    best = np.where(np.where(available, score, 0.0)[order] > 0, order, -1)
    return np.pad(best, (0, LIST_LENGTH - len(best)), constant_values=-1).astype(np.int64)


def _divergence(share: np.ndarray, overall: np.ndarray) -> float:
    """Kullback-Leibler divergence of the mix of a segment from everybody's, in nats."""
    p, q = share / max(share.sum(), 1e-12), overall / max(overall.sum(), 1e-12)
    sold = p > 0
    return float((p[sold] * np.log(p[sold] / q[sold])).sum())

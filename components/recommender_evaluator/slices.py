"""The slices that are reported beside the whole: of users, and of what they turned to."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from components.evaluation.baselines.base import EvaluationSet
from components.evaluation.beyond_accuracy import ProductFacts
from components.evaluation.examples import first_values, texts
from components.evaluation.lists import BoolArray, CodeLists, FloatArray
from components.evaluation.report import Slice
from components.interactions.events import encode
from schema.features import FeatureSet, Kind

COLD_PRODUCTS = "cold_products"
_HEAD_SHARE = 0.8
_MIN_USERS = 30
_MAX_VALUES = 12
_MAX_COLUMNS = 5
_MAX_CATEGORIES = 8


def make_slices(
    eval_set: EvaluationSet,
    table: pa.Table,
    facts: ProductFacts,
    category_names: pa.Array,
    features: FeatureSet,
) -> dict[str, Slice]:
    """Every slice by its name.

    Args:
        eval_set: The test window's evaluation set.
        table: Its rows.
        facts: Of the products.
        category_names: Values of the products' category by code.
        features: Feature columns.
    """
    everybody = np.ones(len(eval_set.users), np.bool_)
    users = {**_activity(eval_set), **_attributes(table, features)}
    targets = {
        **_novelty(eval_set),
        **_popularity(eval_set, facts),
        **_categories(eval_set, facts, category_names),
    }
    return {
        **{name: Slice(marked, eval_set.targets) for name, marked in users.items()},
        **{name: Slice(everybody, chosen) for name, chosen in targets.items()},
    }


def _activity(eval_set: EvaluationSet) -> dict[str, BoolArray]:
    """Queries by how much the user bought before."""
    num_bought = eval_set.past.purchased(eval_set.users).lengths
    known = num_bought > 0
    middle = float(np.median(num_bought[known])) if known.any() else 0.0
    return {
        "new_users": ~known,
        "light_users": known & (num_bought <= middle),
        "heavy_users": known & (num_bought > middle),
    }


def _attributes(table: pa.Table, features: FeatureSet) -> dict[str, BoolArray]:
    """Queries by the values of the user's categories of few values, where enough users have them."""
    columns = {
        raw: column.name for raw, column in features.user_columns().items() if column.kind is Kind.CATEGORY
    }
    found: dict[str, BoolArray] = {}
    for raw, name in list(columns.items())[:_MAX_COLUMNS]:
        values = first_values(table, raw)
        if pa.types.is_null(values.type):
            continue
        values = texts(values).combine_chunks()
        distinct = values.unique().drop_null()
        if len(distinct) > _MAX_VALUES:
            continue
        codes = encode(values, distinct)
        marks = {f"user {name}={value}": codes == code for code, value in enumerate(distinct.to_pylist())}
        found |= {key: mark for key, mark in marks.items() if mark.sum() >= _MIN_USERS}
    return found


def _novelty(eval_set: EvaluationSet) -> dict[str, CodeLists]:
    """The targets that the user had bought before, and the others."""
    purchased = eval_set.past.purchased(eval_set.users)
    again = purchased.contains(eval_set.targets.rows, eval_set.targets.codes)
    return {
        "bought_before": eval_set.targets.where(again),
        "never_bought": eval_set.targets.where(~again),
    }


def _popularity(eval_set: EvaluationSet, facts: ProductFacts) -> dict[str, CodeLists]:
    """The targets that nobody had bought before, and those outside the head.

    The head is the fewest products that make 80 % of the pairs of user and product.
    """
    codes = eval_set.targets.codes
    order = np.argsort(-facts.num_buyers, kind="stable")
    before: FloatArray = np.cumsum(facts.num_buyers[order]) - facts.num_buyers[order]
    in_head = np.zeros(len(order), np.bool_)
    in_head[order] = before < _HEAD_SHARE * facts.num_buyers.sum()
    sold = facts.num_buyers > 0
    return {
        COLD_PRODUCTS: eval_set.targets.where(~sold[codes]),
        "tail_products": eval_set.targets.where((sold & ~in_head)[codes]),
    }


def _categories(
    eval_set: EvaluationSet, facts: ProductFacts, category_names: pa.Array
) -> dict[str, CodeLists]:
    """The targets in each of the categories that most targets are in."""
    category = facts.category[eval_set.targets.codes]
    counts = np.bincount(category[category >= 0], minlength=len(category_names))
    largest = [code for code in np.argsort(-counts, kind="stable")[:_MAX_CATEGORIES] if counts[code]]
    return {
        f"product {facts.category_column}={category_names[int(code)].as_py()}": eval_set.targets.where(
            category == code
        )
        for code in largest
    }

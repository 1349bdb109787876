"""The configured rules, for products of the side index: the model that holds the rules does not know them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureSet, Kind
from schema.request import Query
from schema.rules import Rule, Wanted, matches
from serving.model.catalogue import Catalogue


def permitted(
    new: Sequence[str],
    listed: Sequence[str],
    rules: Sequence[Rule],
    query: Query,
    features: FeatureSet,
    catalogue: Catalogue,
) -> list[str]:
    """New products that may join a list, in their order.

    What a `never` names or an `only` does not name stays out, and of an `at_most` only as many join as the
    list leaves room for. The other rules move products about, which is not asked of new ones: they stand
    where retrieval puts them.

    Args:
        new: Ids of the side index.
        listed: Ids of the list.
        rules: `post_ranking.rules` as the model was pushed with.
        query: The user.
        features: Say of what kind the user's columns are.
        catalogue: The products, those of the side index among them.
    """
    held = [rule for rule in rules if _holds(rule.users, query, features)]
    limits = [_Limit(rule, listed, catalogue) for rule in held if rule.action == "at_most"]
    kept = []
    for product_id in _unforbidden(new, held, catalogue):
        if all(limit.leaves_room(product_id) for limit in limits):
            kept.append(product_id)
            for limit in limits:
                limit.take(product_id)
    return kept


class _Limit:
    """How many products of each value an `at_most` still leaves room for."""

    def __init__(self, rule: Rule, listed: Sequence[str], catalogue: Catalogue) -> None:
        self._column, self._most, self._catalogue = rule.of, rule.count, catalogue
        self._taken = Counter(self._value(product_id) for product_id in listed)

    def leaves_room(self, product_id: str) -> bool:
        value = self._value(product_id)
        return value is None or self._taken[value] < self._most

    def take(self, product_id: str) -> None:
        self._taken[self._value(product_id)] += 1

    def _value(self, product_id: str) -> Any:
        return self._catalogue.value(product_id, self._column)


def _unforbidden(new: Sequence[str], rules: Sequence[Rule], catalogue: Catalogue) -> list[str]:
    """What no `never` names, and every `only` does."""
    left = np.ones(len(new), np.bool_)
    for rule in rules:
        if rule.action in ("never", "only"):
            left &= catalogue.have(new, rule.where) == (rule.action == "only")
    return [new[place] for place in np.flatnonzero(left)]


def _holds(users: Mapping[str, Wanted], query: Query, features: FeatureSet) -> bool:
    """Whether a user is of the segment of a rule; a missing value is of none."""
    known = {**query.features, names.USER_ID: query.user_id}
    numbers = {column.name for column in features.users if column.kind is Kind.NUMBER}
    for column, wanted in users.items():
        value = np.array([known.get(column)], np.float64 if column in numbers else object)
        if not matches(value, wanted)[0]:
            return False
    return True

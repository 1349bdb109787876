"""The configured rules, for products of the side index: the model that holds the rules does not know them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from schema import names
from schema.features import FeatureColumn, FeatureSet, Kind
from schema.rules import Rule, SimpleCondition, matches
from schema.served.request import Query
from schema.values.fitting import fitted
from schema.values.members import whole_paths
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
        features: Say of what kind columns are.
        catalogue: The products, those of the side index among them.
    """
    held = [rule for rule in rules if _holds(rule.users, query, features)]
    columns = {column.name: column for column in features.products}
    limits = [
        _Limit(rule, columns.get(rule.of), listed, catalogue) for rule in held if rule.action == "at_most"
    ]
    kept = []
    for product_id in _unforbidden(new, held, catalogue):
        if all(limit.leaves_room(product_id) for limit in limits):
            kept.append(product_id)
            for limit in limits:
                limit.take(product_id)
    return kept


class _Limit:
    """How many products of each value an `at_most` still leaves room for."""

    def __init__(
        self, rule: Rule, column: FeatureColumn | None, listed: Sequence[str], catalogue: Catalogue
    ) -> None:
        self._rule, self._column, self._catalogue = rule, column, catalogue
        self._taken = Counter(value for product_id in listed for value in self._values(product_id))

    def leaves_room(self, product_id: str) -> bool:
        return all(self._taken[value] < self._rule.count for value in self._values(product_id))

    def take(self, product_id: str) -> None:
        self._taken.update(self._values(product_id))

    def _values(self, product_id: str) -> Sequence[Any]:
        """Of a path the whole one, as the model's rules count."""
        found = self._catalogue.values(product_id, self._rule.of)
        if self._column is None or self._column.kind is not Kind.HIERARCHY:
            return found
        return whole_paths(found, self._column.levels)


def _unforbidden(new: Sequence[str], rules: Sequence[Rule], catalogue: Catalogue) -> list[str]:
    """What no `never` names, and every `only` does."""
    left = np.ones(len(new), np.bool_)
    for rule in rules:
        if rule.action in ("never", "only"):
            left &= catalogue.have(new, rule.where) == (rule.action == "only")
    return [new[index] for index in np.flatnonzero(left)]


def _holds(users: Mapping[str, SimpleCondition], query: Query, features: FeatureSet) -> bool:
    """Whether a user is of the segment of a rule; a missing value is of none."""
    known = {**query.features, names.USER_ID: query.user_id}
    columns = {column.name: column for column in features.users}
    for name, wanted in users.items():
        column, value = columns.get(name), known.get(name)
        if column is not None and column.has_members:
            value = fitted(value, column)
        is_number = column is not None and column.kind is Kind.NUMBER
        held = np.empty(1, np.float64 if is_number else object)
        held[0] = value
        if not matches(held, wanted)[0]:
            return False
    return True

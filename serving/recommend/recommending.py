"""From a request to a list: the user's history, the model, then what the request asks of the list."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from schema.features import FeatureColumn, FeatureSet, Kind
from schema.rules import Range
from schema.values.fitting import unfit
from schema.values.numbers import number_of
from serving.model.conditions import simple_parts
from serving.model.holder import Served
from serving.model.items import Items
from serving.new_products.merging import NewProducts
from serving.problems import ProblemError
from serving.recommend.asking import ask
from serving.recommend.explaining import explanation
from serving.recommend.questions import read_question
from serving.recommend.reading import ShopReader
from serving.recommend.requests import RecommendationRequest

Answer = dict[str, Any]


class Recommending:
    """Answers requests for recommendations.

    Args:
        shop: The product database.
        new_products: What the model does not know yet.
    """

    def __init__(
        self,
        shop: ShopReader,
        new_products: NewProducts,
        on_unfit: Callable[[str, int], object] = lambda *_: None,
    ) -> None:
        self._shop, self._new, self._on_unfit = shop, new_products, on_unfit

    def answer(self, request: RecommendationRequest, served: Served) -> Answer:
        """The answer as `towerline recommend --json` prints it, with `timings_ms`.

        When the database cannot be read, the snapshot that was pushed with the model stands in for it, and
        `fallback` says so: `snapshot`, or `no_history` for a user whom that does not know either.

        Raises:
            ProblemError: 422, a context, filter or preference names no column.
        """
        started = time.perf_counter()
        features = served.model.features
        check_columns(request, features)
        for column in unfit(request.context or {}, {column.name: column for column in features.users}):
            self._on_unfit(f"context.{column}", 1)
        question = read_question(request, served, self._shop)
        query, known, fallback = question.query(request), question.known, question.fallback
        found = time.perf_counter()
        answered = ask(request, query, served.model, self._new)
        timings = {"history": found - started, **answered.seconds}
        answer = compose(request, served, known, answered.items, timings, fallback)
        if request.explain:
            how = explanation(
                served.model,
                query,
                request.exclude_purchased,
                request.diversity,
                answered.before,
                self._shop,
            )
            answer["explain"] = {**how, "products": how["products"] | self._new.rows()}
        return answer


def check_columns(request: RecommendationRequest, features: FeatureSet) -> None:
    """Refuses columns that the model does not know.

    Raises:
        ProblemError: 422, with the columns that there are.
    """
    given: dict[str, tuple[Mapping[str, Any], list[str]]] = {
        "context": (request.context or {}, [column.name for column in features.users]),
        "filters": (request.filters or {}, [column.name for column in features.products]),
        "preferences": (request.preferences or {}, [column.name for column in features.products]),
    }
    by_name = {column.name: column for column in features.products}
    for field in ("filters", "preferences"):
        check_conditions(field, given[field][0], by_name)
    for field, (values, columns) in given.items():
        unknown = sorted(set(values) - set(columns))
        if unknown:
            raise ProblemError(
                422, f"{field}: no such column: {', '.join(unknown)}. Known: {', '.join(columns)}."
            )


def compose(
    request: RecommendationRequest,
    served: Served,
    known: bool,
    items: Items,
    seconds: Mapping[str, float],
    fallback: str | None,
) -> Answer:
    """The answer as it is sent."""
    answer: Answer = {
        "user_id": request.user_id,
        "model_version": served.model.version,
        "known_user": known,
        "items": items,
        "timings_ms": {name: round(value * 1000, 3) for name, value in seconds.items()},
    }
    return answer if fallback is None else {**answer, "fallback": fallback}


def check_conditions(field: str, wanted: Mapping[str, Any], columns: Mapping[str, FeatureColumn]) -> None:
    """Refuses conditions that no product can ever meet.

    Args:
        field: `filters` or `preferences`, for messages.
        wanted: Column -> condition.
        columns: Columns of products by name.

    Raises:
        ProblemError: 422.
    """
    for name, condition in wanted.items():
        column = columns.get(name)
        if column is None:
            continue
        path = f"{field}.{name}"
        if column.kind in (Kind.EMBEDDING, Kind.IGNORE):
            raise ProblemError(422, f"{path}: the column cannot be compared: it is `{column.kind.value}`.")
        for part in simple_parts(condition):
            _check(path, part, column.kind is Kind.NUMBER)


def _check(path: str, part: Any, is_number: bool) -> None:
    if isinstance(part, Range):
        if not is_number:
            raise ProblemError(422, f"{path}: the column holds no numbers, so a range fits none of it.")
    elif is_number and isinstance(part, str) and number_of(part) is None:
        raise ProblemError(422, f"{path}: the column holds numbers. Received: {part!r}.")

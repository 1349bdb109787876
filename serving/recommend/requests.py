"""What requests carry; unknown fields are errors."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schema.source.ids import canonical_id
from serving.model.conditions import Condition

_MOST_EVENTS = 20_000
_MOST_EXCLUDED = 10_000
_MOST_IN_CART = 1_000
_UNITS = (1, 10**3, 10**6, 10**9)
_LARGEST_SECONDS = 10**11
_YYYYMMDD = r"(?:19|20|21)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?"
_Id = Annotated[str, Field(max_length=500)]
_Stamp = Annotated[int, Field(ge=0, le=2**53)]
_Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e30, le=1e30)]
_TopK = Annotated[int, Field(ge=1, le=10_000)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


def _whole_seconds(value: float) -> int:
    """Seconds of a number in seconds, milli-, micro- or nanoseconds, told by its size."""
    if not math.isfinite(value):
        raise ValueError("a finite number of seconds")
    if re.fullmatch(_YYYYMMDD, str(int(value))):
        raise ValueError("epoch seconds or ISO text, and no date as YYYYMMDD")
    return int(value // next((unit for unit in _UNITS if abs(value) < _LARGEST_SECONDS * unit), _UNITS[-1]))


_Conditions = dict[Annotated[str, Field(max_length=200)], Condition]


class HistoryEvent(_Request):
    """One event of the user."""

    product_id: _Id
    occurred_at: _Stamp
    """Epoch seconds (or milliseconds, as `Date.now()` gives), or ISO text (UTC unless it says otherwise)."""
    event_type: Annotated[str, Field(max_length=100)] | None = None

    @field_validator("occurred_at", mode="before")
    @classmethod
    def _epoch_seconds(cls, value: Any) -> Any:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _whole_seconds(value)
        if not isinstance(value, str):
            return value
        moment = datetime.fromisoformat(value)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


class _ListRequest(_Request):
    """What is asked of a list; without a user, a history and a cart it is that of a stranger."""

    user_id: _Id | None = None
    history: Annotated[list[HistoryEvent], Field(max_length=_MOST_EVENTS)] | None = None
    """Stands in for what the database has of the user."""
    context: dict[str, Any] | None = None
    """Values of user columns, such as an age group, which go before those of the database."""
    preferences: _Conditions | None = None
    """Product column -> condition: products that meet it come first, out of the whole catalogue."""
    filters: _Conditions | None = None
    """Product column -> condition, a value, a range, {"not": …} or a list of them of which one must be met:
    products that do not meet all of them are left out."""
    exclude: Annotated[list[_Id], Field(max_length=_MOST_EXCLUDED)] = []
    """Products that are left out."""
    cart: Annotated[list[_Id], Field(max_length=_MOST_IN_CART)] = []
    """Products of the cart: the newest basket of the history, and left out."""
    top_k: _TopK = 10
    diversity: Annotated[float, Field(ge=0, le=1)] | None = None
    """0 leaves the order of relevance, 1 looks at unlikeness alone; as configured if it is left out."""
    exclude_purchased: bool = False
    """Leaves out whatever the user ever bought."""
    exclude_purchased_days: Annotated[float, Field(gt=0)] | None = None
    """Leaves out what the user bought within so many days."""

    @field_validator("exclude", "cart")
    @classmethod
    def _canonical(cls, value: list[str]) -> list[str]:
        return list(dict.fromkeys(map(canonical_id, value)))

    @property
    def left_out(self) -> frozenset[str]:
        """Products that must not come, whatever else is asked."""
        return frozenset([*self.exclude, *self.cart])


class RecommendationRequest(_ListRequest):
    """A question for recommendations."""

    explain: bool = False
    """Adds the candidates by source and the lists before the last one."""


class ExplainRequest(_ListRequest):
    """Why a product is, or is not, in the list that the same request for recommendations gets."""

    product_id: _Id

    @property
    def of_list(self) -> RecommendationRequest:
        """The request for recommendations."""
        given = {name: getattr(self, name) for name in _ListRequest.model_fields}
        return RecommendationRequest.model_construct(**given)


class SimilarRequest(_Request):
    """A question for products like a product, or nearest to an embedding: one of the two."""

    product_id: _Id | None = None
    embedding: Annotated[list[_Number], Field(min_length=1, max_length=10_000)] | None = None
    """A vector as long as the towers' embeddings or as an embedding column of products."""
    column: Annotated[str, Field(max_length=200)] | None = None
    """The embedding column that `embedding` is compared with, where its length does not tell."""
    top_k: _TopK = 10
    blend: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Share of what is bought together; the rest is the likeness of content. Not for embeddings."""

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if (self.product_id is None) == (self.embedding is None):
            raise ValueError("either product_id or embedding")
        if self.column is not None and self.embedding is None:
            raise ValueError("column goes with embedding")
        return self


class SearchRequest(_Request):
    """A question for products by text."""

    text: Annotated[str, Field(max_length=1000)]
    top_k: _TopK = 10


class NewProductRequest(_Request):
    """A product that the model does not know."""

    product_id: Annotated[str, Field(min_length=1, max_length=500)]
    features: dict[Annotated[str, Field(max_length=200)], Any]
    """Product column -> value: a text, a number, a list of texts for a set, of numbers for an embedding."""
    available: bool = True
    """Whether it may be recommended."""

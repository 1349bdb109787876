"""What the types of events say about a user's interest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from schema.errors import ConfigurationError
from schema.source_settings import EventSettings

PURCHASE_LIKE: Final = frozenset(
    [
        "purchase",
        "purchased",
        "order",
        "ordered",
        "transaction",
        "buy",
        "bought",
        "sale",
        "sold",
        "checkoutcompleted",
        "ordercompleted",
        "completedorder",
        "orderplaced",
        "placedorder",
        "orderpaid",
        "paid",
        "productpurchased",
        "productpurchase",
    ]
)
"""Event types that mean the user took the product; plain spellings."""

CONSUMED_LIKE: Final = frozenset(
    [
        "rating",
        "rated",
        "rate",
        "review",
        "reviewed",
        "like",
        "liked",
        "play",
        "played",
        "listen",
        "listened",
        "watch",
        "watched",
        "stream",
        "streamed",
        "read",
        "rent",
        "rented",
        "borrow",
        "borrowed",
        "loan",
        "download",
        "downloaded",
        "consume",
        "consumed",
        "visited",
        "booking",
        "booked",
        "rental",
        "hire",
        "hired",
        "lend",
        "lent",
        "lending",
    ]
)
"""Event types that mean as much where nothing is bought."""

RETURN_LIKE: Final = frozenset(
    [
        "return",
        "returned",
        "refund",
        "refunded",
        "cancel",
        "canceled",
        "cancelled",
        "cancellation",
        "cancelation",
        "chargeback",
        "orderrefunded",
        "orderrefund",
        "ordercancelled",
        "ordercanceled",
        "ordercancel",
        "ordercancellation",
        "ordercancelation",
        "orderreturned",
        "orderreturn",
        "productreturned",
        "productreturn",
        "purchasereturn",
        "purchaserefund",
        "storno",
        "refundedorder",
        "cancelledorder",
        "canceledorder",
        "reversal",
        "void",
        "voided",
    ]
)
"""Event types that take a purchase back."""


CART_AND_VIEW_LIKE: Final = frozenset(
    [
        "cart",
        "addtocart",
        "addedtocart",
        "cartadd",
        "addcart",
        "basket",
        "addtobasket",
        "bag",
        "addtobag",
        "wishlist",
        "addtowishlist",
        "favourite",
        "favorite",
        "removefromcart",
        "removecart",
        "cartremove",
        "view",
        "viewed",
        "viewitem",
        "productview",
        "productviewed",
        "viewproduct",
        "pageview",
        "itemview",
        "click",
        "clicked",
        "productclick",
        "detail",
        "detailview",
        "impression",
        "visit",
        "browse",
        "open",
        "search",
        "begincheckout",
        "checkout",
        "checkoutstarted",
        "dislike",
        "unlike",
        "skip",
        "skipped",
    ]
)
"""Event types whose meaning is known and that are no target where something is bought."""


def is_known_type(event_type: str) -> bool:
    """Whether the meaning of an event type is known, in any of its usual spellings."""
    kinds = (PURCHASE_LIKE, CONSUMED_LIKE, RETURN_LIKE, CART_AND_VIEW_LIKE)
    return any(_spelled(event_type, kind) for kind in kinds)


def event_weights(event_types: Sequence[str], settings: EventSettings) -> dict[str, float]:
    """Returns the weight of each event type as a target.

    Args:
        event_types: Types seen in the database.
        settings: Weights that the user chose; they go before the rule. Any spelling of a type is meant.

    Returns:
        Event type -> weight, for the types seen and those configured. 0 keeps a type in the history only.

    Raises:
        ConfigurationError: No type is one that means that the user took the product, and none is configured.
    """
    configured = _configured(event_types, settings.weights)
    kinds = (PURCHASE_LIKE, CONSUMED_LIKE)
    target_kinds = next(
        (kind for kind in kinds if any(_spelled(name, kind) for name in event_types)), frozenset()
    )
    weights = {name: 1.0 if _spelled(name, target_kinds) else 0.0 for name in event_types}
    weights.update(configured)
    if event_types and not any(weights[name] > 0 for name in event_types):
        listed = ", ".join(f"`{name}`" for name in event_types)
        raise ConfigurationError(
            "events.weights",
            "Configuration key `events.weights`: no type of event says that a user took a product. Received: "
            f"types {listed}. Remedy: give the types that do a weight, such as --set "
            f"events.weights.{_key(event_types[0])}=1.",
        )
    return weights


def return_types(event_types: Sequence[str], settings: EventSettings) -> tuple[str, ...]:
    """Returns the types that take a purchase back; a configured weight says that a type does not."""
    configured = _configured(event_types, settings.weights)
    return tuple(name for name in event_types if _spelled(name, RETURN_LIKE) and name not in configured)


def bought_types(weights: Mapping[str, float]) -> tuple[str, ...]:
    """Returns the types that can be returned: the purchase-like ones, or else all of a positive weight."""
    positive = [name for name, weight in weights.items() if weight > 0]
    bought = [name for name in positive if _spelled(name, PURCHASE_LIKE)]
    return tuple(bought or positive)


def plain_spelling(event_type: str) -> str:
    """Returns a type in small letters and without separators: `Order-Completed` is `ordercompleted`."""
    return re.sub(r"[\W_]+", "", event_type).lower()


def _spelled(event_type: str, kind: frozenset[str]) -> bool:
    plain = plain_spelling(event_type)
    return plain in kind or plain.removesuffix("s") in kind or plain.removesuffix("es") in kind


def _configured(event_types: Sequence[str], weights: Mapping[str, float]) -> dict[str, float]:
    """The configured weights by the spelling of the data; exact ones go before others."""
    found = {}
    for name, weight in weights.items():
        alike = [known for known in event_types if plain_spelling(known) == plain_spelling(name)]
        for known in [name] if name in event_types or not alike else alike:
            found[known] = weight
    exact = {name: weight for name, weight in weights.items() if name in event_types}
    return {**found, **exact}


def _key(event_type: str) -> str:
    return event_type if re.fullmatch(r"[\w-]+", event_type) else "TYPE"

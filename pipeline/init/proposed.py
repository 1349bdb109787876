"""What `init` proposes, before it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.init.select import Select


@dataclass
class ProposedTable:
    """One table of the contract.

    Attributes:
        select: What is read.
        evidence: Why it is this table, a sentence each.
        left_out: Column -> why it is not read.
        personal: Columns left out because they are of a person.
        stamp_format: `format` of the stamps, if they need one.
        has_guests: Whether guests are told apart by the hash of their mail address.
        look: First rows, with the names of the columns before them.
    """

    select: Select
    evidence: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    personal: list[str] = field(default_factory=list)
    stamp_format: str | None = None
    has_guests: bool = False
    look: list[Sequence[Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Proposal:
    """A whole mapping.

    Attributes:
        tables: `events`, `products` and, if there are any, `users`.
        others: Tables that could be events too, with why not.
    """

    tables: Mapping[str, ProposedTable]
    others: Mapping[str, str] = field(default_factory=dict)

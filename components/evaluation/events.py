"""What was known of the events at a cutoff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from components.evaluation.lists import NOTHING, BoolArray, CodeLists, IntArray
from components.interactions.events import Events, ShopEvents


@dataclass(frozen=True)
class Past:
    """The positive events strictly before a cutoff: all that a baseline may look at.

    Attributes:
        cutoff: Epoch seconds.
        users: `[events]`.
        products: `[events]`; never -1.
        times: `[events]`; all before `cutoff`.
        num_users: Size of the user vocabulary.
        recommendable: Products that may be recommended, `[products]`.
        others: Events that are no targets.
    """

    cutoff: int
    users: IntArray
    products: IntArray
    times: IntArray
    num_users: int
    recommendable: BoolArray
    others: Events | None = None

    @classmethod
    def before(cls, events: ShopEvents, cutoff: int, recommendable: BoolArray) -> Past:
        """Returns the part of `events` strictly before `cutoff`."""
        past, others = events.positive.before(cutoff), events.others
        return cls(
            cutoff,
            past.user.astype(np.int64),
            past.product.astype(np.int64),
            past.time,
            len(events.user_ids),
            recommendable,
            others.before(cutoff) if len(others.time) else None,
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

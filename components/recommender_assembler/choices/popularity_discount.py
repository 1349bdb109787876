"""How much popularity may be taken off the ranker's scores before accuracy suffers.

A ranker that is trained on what was bought shows popular products more often than their share of the
purchases deserves, and the rest of the catalogue not at all. Subtracting a little of the log popularity
from every score brings more of the catalogue into the lists (Abdollahpouri, Burke and Mobasher, "Managing
popularity bias in recommender systems with personalized re-ranking", FLAIRS 2019). How little is measured
on the eval window.
"""

from __future__ import annotations

from components.recommender_assembler.choices.eval_lists import EvalLists, is_within

DISCOUNTS = tuple(step / 100 for step in range(31))


def choose_discount(lists: EvalLists, max_loss: float, max_new_loss: float) -> float:
    """The largest of `DISCOUNTS` up to which NDCG@10 stays within two relative losses, by a standard error.

    What was never bought before is asked for by itself: it is the smaller part of what is bought, so that
    its loss hides in that of everything, and the part that a recommender is for.

    Args:
        lists: Of the eval window.
        max_loss: Relative to the NDCG@10 without a discount.
        max_new_loss: Likewise of what was never bought before.
    """
    if not len(lists.scores):
        return 0.0
    before = lists.ndcg_by_query(lists.scores)
    new_before = lists.new_ndcg_by_query(lists.scores)
    chosen = 0.0
    for discount in DISCOUNTS[1:]:
        scores = lists.scores - discount * lists.popularity
        if not (
            is_within(before, lists.ndcg_by_query(scores), max_loss)
            and is_within(new_before, lists.new_ndcg_by_query(scores), max_new_loss)
        ):
            break
        chosen = discount
    return chosen

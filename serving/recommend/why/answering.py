"""Answers why a product is, or is not, in the list that a request gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schema import names
from schema.errors import UserError
from schema.source.ids import canonical_id
from serving.database.descriptions import description
from serving.model.holder import Served
from serving.model.tracing import cannot_explain
from serving.new_products.merging import NewProducts
from serving.problems import ProblemError
from serving.recommend.questions import read_question
from serving.recommend.reading import ShopReader
from serving.recommend.recommending import check_columns
from serving.recommend.requests import ExplainRequest
from serving.recommend.why.barriers import RULE, Barrier, after, barriers
from serving.recommend.why.case import Case, Conditions
from serving.recommend.why.changes import changes
from serving.recommend.why.stages import LIST, Stages
from serving.recommend.why.unknown import barriers_of_new, is_new, stage, unreachable
from serving.recommend.why.words import score

Answer = dict[str, Any]

IN_LIST: Final = "in_list"
_NOBODY: Final = "nobody knows the product, so no change of a request or of the model brings it in"


class Explaining:
    """Answers questions about one product.

    Args:
        shop: The product database.
        new_products: What the model does not know yet.
        longest: Longest list that may be asked for.
    """

    def __init__(self, shop: ShopReader, new_products: NewProducts, longest: int) -> None:
        self._shop, self._new, self._longest = shop, new_products, longest

    def answer(self, request: ExplainRequest, served: Served) -> Answer:
        """`in_list`, `rank`, `verdict`, `stages`, `score`, `changes` and `notes`; docs/serving.md says more.

        Raises:
            ProblemError: 409, the model was pushed before there was such a question; 422, a context, filter
                or preference names no column.
        """
        model = served.model
        reason = cannot_explain(model)
        if reason:
            raise ProblemError(409, reason)
        check_columns(request.of_list, model.features)
        question = read_question(request.of_list, served, self._shop)
        product_id = canonical_id(request.product_id)
        row, notes = self._row(product_id)
        case = Case(product_id, question, model, self._new, row, self._longest)
        conditions = Conditions(request.of_list)
        answer: Answer = {
            "user_id": request.user_id,
            "product_id": product_id,
            "description": description(model.features, row or {}),
            "model_version": model.version,
            "known_user": question.known,
        }
        answer |= self._explained(case, conditions)
        answer["notes"] = [*answer["notes"], *notes, *_notes(case, conditions)]
        return answer if question.fallback is None else {**answer, "fallback": question.fallback}

    def _row(self, product_id: str) -> tuple[Mapping[str, Any] | None, list[str]]:
        added = self._new.rows().get(product_id)
        if added is not None:
            return added, []
        try:
            return self._shop.product_rows([product_id]).get(product_id), []
        except UserError:
            return None, ["The product table cannot be read now; what it says is as it was read last."]

    def _explained(self, case: Case, conditions: Conditions) -> Answer:
        if case.is_known:
            return _of_known(case, conditions)
        if is_new(case):
            return _of_new(case, conditions)
        reason = unreachable(case)
        return _result(0, reason, [reason], None, [], [_NOBODY] if case.row is None else [])


def _of_known(case: Case, conditions: Conditions) -> Answer:
    found = barriers(case, conditions)
    lifts = [barrier.step for barrier in found]
    lifted = after(conditions, lifts)
    rank = 0 if found else case.rank(conditions)
    trace = case.trace(lifted)
    stages = Stages(case, lifted, trace, rank or case.rank(case.long(lifted)))
    entries = _barrier_stages(found) + stages.entries()
    parts = score(trace, case.model.anchor)
    if rank:
        return _result(rank, _in_list(rank, conditions), entries, parts, [], [])
    verdict = entries[0] if found else stages.verdict()
    made = changes(case, conditions, lifts, trace)
    notes = [] if made else ["No single step more brings it in, of those that were tried."]
    return _result(0, verdict, entries, parts, [change.as_answer(case) for change in made], notes)


def _of_new(case: Case, conditions: Conditions) -> Answer:
    found = barriers_of_new(case, conditions)
    lifts = [barrier.step for barrier in found]
    rank = 0 if found else case.rank(conditions)
    entries = [*_barrier_stages(found), stage(case, after(conditions, lifts))]
    notes = ["The product is newer than the model, so the ranker has no score of it."]
    if rank:
        return _result(rank, _in_list(rank, conditions), entries, None, [], notes)
    if any(step.kind == RULE for step in lifts):
        notes.append(
            "What would be without the rule cannot be tried for a product that the model does not know."
        )
        return _result(0, entries[0], entries, None, [], notes)
    made = changes(case, conditions, lifts, None)
    if not made:
        notes.append("No single step more brings it in, of those that were tried.")
    return _result(0, entries[0], entries, None, [change.as_answer(case) for change in made], notes)


def _barrier_stages(found: list[Barrier]) -> list[dict[str, Any]]:
    return [{"stage": barrier.stage, "passed": False, "text": barrier.text} for barrier in found]


def _in_list(rank: int, conditions: Conditions) -> dict[str, Any]:
    top_k = conditions.request.top_k
    return {"stage": LIST, "passed": True, "text": f"it is in the list, at rank {rank}", "rank": rank} | {
        "top_k": top_k
    }


def _result(
    rank: int,
    verdict: dict[str, Any],
    stages: list[dict[str, Any]],
    parts: Answer | None,
    made: list[Answer],
    notes: list[str],
) -> Answer:
    return {
        IN_LIST: rank > 0,
        "rank": rank or None,
        "verdict": {"stage": verdict["stage"], "text": verdict["text"]},
        "stages": stages,
        "score": parts,
        "changes": made,
        "notes": notes,
    }


def _notes(case: Case, conditions: Conditions) -> list[str]:
    """What one must know of the answer."""
    model, question = case.model, case.question
    found = []
    if model.is_classic:
        found.append(
            f"The model that is pushed is the fall-back: it gives the order of the baseline {model.anchor}, "
            "and the correction of the ranker does not count."
        )
    if not case.query(conditions).product_ids:
        found.append("The user has no history, so nothing of the user's own speaks for or against it.")
    if question.fallback is not None:
        found.append("The database is away: the history is that of the snapshot pushed with the model.")
    if case.is_known and case.row is None:
        found.append(f"The product table has no row of it; events alone name it ({names.PRODUCT_ID}).")
    return found

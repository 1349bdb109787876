"""The stages as a product passes them, and which one keeps it out of the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from schema.served import tracing
from serving.model.tracing import Trace
from serving.recommend.why.case import Case, Conditions
from serving.recommend.why.words import LABELS, STEPS, ordinal

RETRIEVAL: Final = "retrieval"
PRERANKER: Final = "preranker"
RANKER: Final = "ranker"
POST_RANKING: Final = "post_ranking"
LIST: Final = "list"

Stage = dict[str, Any]


class Stages:
    """What the trace says, in words.

    Args:
        case: The product.
        conditions: Of the list, without barriers.
        trace: Under those conditions.
        final: Rank in the longest list under them; 0 if it is not in that.
    """

    def __init__(self, case: Case, conditions: Conditions, trace: Trace, final: int) -> None:
        self._case, self._trace, self._final = case, trace, final
        self._top_k = conditions.request.top_k
        self._moves = [move for move in self._ranks() if move[1]]

    def entries(self) -> list[Stage]:
        """Every stage, in order: `stage`, `passed`, `text` and figures."""
        found = [self._retrieval()]
        if self._trace.count("preranker_rank"):
            found.append(self._preranker())
        elif self._trace.count("preranker_needed"):
            found.append({"stage": PRERANKER, "passed": None, "text": "it does not get so far"})
        return [*found, self._ranker(), self._post_ranking(), self._list()]

    def verdict(self) -> Stage:
        """The stage that keeps a product out for which there is no barrier."""
        moved = self._decisive_move()
        if self._trace.flag("is_cold") and not self._trace.flag("is_in_segment") and moved is None:
            return self._named(LIST, f"the user has no history, and it is {self._final_rank()}")
        if not self._trace.count("pool_rank"):
            return self._retrieval()
        if not self._trace.flag("is_candidate"):
            return self._preranker()
        if moved is not None:
            text = (
                f"{moved[0]} moved it from rank {moved[1]} to rank {moved[2]}, behind `top_k` {self._top_k}"
            )
            return self._named(POST_RANKING, text) | {"from": moved[1], "to": moved[2]}
        return self._named(
            LIST,
            f"the ranker puts it {ordinal(self._trace.count('ranker_rank'))}, and it is {self._final_rank()}",
        )

    def _retrieval(self) -> Stage:
        trace = self._trace
        rows = zip(
            LABELS,
            trace.row("source_rank"),
            trace.row("source_needed"),
            trace.row("source_quota"),
            strict=True,
        )
        sources = [
            {"source": name, "rank": rank or None, "would_have_sufficed": needed, "quota": quota}
            for name, rank, needed, quota in rows
            if quota or rank
        ]
        passed = trace.count("pool_rank") > 0
        return {
            "stage": RETRIEVAL,
            "passed": passed,
            "text": _retrieved(sources, passed, self._trace.count("pool_size")),
            "sources": sources,
        }

    def _preranker(self) -> Stage:
        trace = self._trace
        rank, size = trace.count("preranker_rank"), trace.count("pool_size")
        text = f"{ordinal(rank)} of {size:,} by the preranker; {trace.count('num_candidates'):,} stay"
        if trace.flag("is_reserved"):
            text += ", and this one does in any case: a favourite, a best seller or new"
        elif not trace.flag("is_candidate"):
            text += f", of those without a reserved place the first {trace.count('preranker_needed'):,}"
        return {
            "stage": PRERANKER,
            "passed": trace.flag("is_candidate"),
            "text": text,
            "rank": rank,
            "of": size,
            "survivors": trace.count("num_candidates"),
            "would_have_sufficed": trace.count("preranker_needed"),
            "reserved": trace.flag("is_reserved"),
        }

    def _ranker(self) -> Stage:
        trace = self._trace
        rank, count = trace.count("ranker_rank"), trace.count("num_ranked")
        as_if = not trace.flag("is_candidate")
        text = f"{ordinal(rank)} of {count:,} candidates by the ranker"
        if as_if:
            text = f"it is no candidate; in the place of the last one it would be {text}"
        return {"stage": RANKER, "passed": not as_if, "text": text, "rank": rank, "of": count, "as_if": as_if}

    def _post_ranking(self) -> Stage:
        steps = [
            {"step": _key(label), "text": label, "from": before, "to": now}
            for (label, now), (_, before) in zip(self._moves[1:], self._moves, strict=False)
            if before != now
        ]
        text = "; ".join(f"{step['text']}: from {step['from']} to {step['to']}" for step in steps)
        return {
            "stage": POST_RANKING,
            "passed": self._moves[-1][1] <= self._top_k if steps else None,
            "text": text or "nothing moves it",
            "moves": steps,
        }

    def _list(self) -> Stage:
        return self._named(LIST, f"it is {self._final_rank()}")

    def _final_rank(self) -> str:
        if not self._final:
            rank = self._trace.row("step_rank")[-1]
            text = f"{ordinal(rank)} of all, and " if rank else ""
            return f"{text}not in the longest list that may be asked for"
        return f"{ordinal(self._final)} in the list, of which the first {self._top_k:,} are shown"

    def _named(self, stage: str, text: str) -> Stage:
        return {
            "stage": stage,
            "passed": 0 < self._final <= self._top_k,
            "text": text,
            "rank": self._final or None,
            "top_k": self._top_k,
        }

    def _decisive_move(self) -> tuple[str, int, int] | None:
        """The last step that moved it from within the list to behind its end."""
        if not self._trace.flag("is_candidate"):
            return None
        pairs = zip(self._moves, self._moves[1:], strict=False)
        found = [(label, before, now) for (_, before), (label, now) in pairs if before <= self._top_k < now]
        return found[-1] if found else None

    def _ranks(self) -> Iterator[tuple[str, int]]:
        """Step -> rank after it."""
        trace = self._trace
        if trace.flag("is_candidate"):
            yield STEPS["ranker"], trace.count("ranker_rank")
            yield " and ".join(self._adjusting()) or STEPS["ranker"], trace.count("adjusted_rank")
            yield STEPS["new_products"], trace.count("inserted_rank")
        ranks = dict(zip(tracing.STEPS, trace.row("step_rank"), strict=True))
        yield STEPS["segment" if trace.flag("is_cold") else "fill"], ranks.pop(tracing.RELEVANCE)
        yield from ((STEPS[step], rank) for step, rank in ranks.items())
        yield STEPS["request"], self._final

    def _adjusting(self) -> list[str]:
        """What moves scores between the ranker and the list."""
        model = self._case.model
        found = [STEPS["discount"]] if model.popularity_discount else []
        found += [STEPS["freshness"]] if model.post_ranking.get("freshness_boost") else []
        boosts = any(rule.action in ("boost", "bury") for rule in model.rules)
        return found + ([STEPS["boosts"]] if boosts else [])


def _retrieved(sources: list[dict[str, Any]], passed: bool, pool: int) -> str:
    ranked = [source for source in sources if source["rank"]]
    if not ranked:
        return "no source offers it"
    best = min(ranked, key=lambda source: source["rank"] / max(source["would_have_sufficed"], 0.5))
    text = f"{ordinal(best['rank'])} by {LABELS[best['source']]}"
    if passed:
        return f"{text}: one of {pool:,} products that are retrieved"
    return f"{text}, where {ordinal(best['would_have_sufficed'])} would have sufficed: not retrieved"


def _key(label: str) -> str:
    return next((key for key, text in STEPS.items() if text == label), "adjustments")

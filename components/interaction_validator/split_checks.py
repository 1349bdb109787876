"""Checks of the splits: large enough, apart in time, and with nothing of the future in a history."""

from __future__ import annotations

from collections.abc import Mapping

from components.evaluation.verdicts import Verdict, at_least, at_most
from components.interaction_validator.split_facts import SplitFacts
from components.settings import GateSettings
from schema import names

_DEFECT = "this is a defect of ProductExampleGen; please report it."


def check_splits(splits: Mapping[str, SplitFacts], gates: GateSettings) -> list[Verdict]:
    """Checks the query splits, by name."""
    checks = [_size(name, splits[name], gates) for name in names.QUERY_SPLITS]
    if all(splits[name].num_queries for name in names.QUERY_SPLITS):
        checks.append(_apart(names.TRAIN, splits[names.TRAIN], names.EVAL, splits[names.EVAL]))
        checks.append(_apart(names.EVAL, splits[names.EVAL], names.TEST, splits[names.TEST]))
    for name in (names.EVAL, names.TEST):
        checks.append(_one_query_a_user(name, splits[name]))
    for name in names.QUERY_SPLITS:
        checks.extend(_histories(name, splits[name]))
    return checks


def _size(name: str, split: SplitFacts, gates: GateSettings) -> Verdict:
    return at_least(
        f"size_of_{name}",
        len(split.users),
        gates.min_queries,
        f"Split `{name}` has queries of {len(split.users)} users (at least {gates.min_queries}).",
        "choose longer windows with `split.eval_window` and `split.test_window`, or lower "
        "`gates.min_queries`.",
    )


def _apart(name: str, earlier: SplitFacts, next_name: str, later: SplitFacts) -> Verdict:
    overlap = earlier.latest_target_end - later.earliest_query
    return at_most(
        f"{name}_before_{next_name}",
        overlap,
        0,
        f"The targets of split `{name}` reach {max(0, overlap)} seconds into split `{next_name}`, whose "
        f"first query is at {later.earliest_query}.",
        _DEFECT,
    )


def _one_query_a_user(name: str, split: SplitFacts) -> Verdict:
    surplus = split.num_queries - len(split.users)
    return at_most(
        f"one_query_a_user_in_{name}",
        surplus,
        0,
        f"Split `{name}` has {surplus} queries more than users.",
        _DEFECT,
    )


def _histories(name: str, split: SplitFacts) -> list[Verdict]:
    defects = {
        "history_before_query": (split.num_leaks, "a history event at or after the query's time"),
        "history_in_order": (split.num_unordered, "a history that is not oldest first"),
        "targets": (split.num_without_targets, "no targets"),
    }
    return [
        at_most(
            f"{check}_in_{name}",
            count,
            0,
            f"{count} of {split.num_queries} queries of split `{name}` have {what}.",
            _DEFECT,
        )
        for check, (count, what) in defects.items()
    ]

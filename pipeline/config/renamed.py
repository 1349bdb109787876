"""Old names of configuration keys, which are accepted for this release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from schema.errors import ConfigurationError

RENAMED: Final[Mapping[str, str]] = {
    "preranking.most_queries": "preranking.max_queries",
    "ranking.most_train_queries": "ranking.max_train_queries",
    "ranking.most_eval_queries": "ranking.max_eval_queries",
    "post_ranking.most_ndcg_loss": "post_ranking.max_ndcg_loss",
    "post_ranking.most_new_ndcg_loss": "post_ranking.max_new_ndcg_loss",
    "post_ranking.most_diversity_loss": "post_ranking.max_diversity_loss",
    "baselines.most_tuning_queries": "baselines.max_tuning_queries",
    "baselines.most_neighbour_users": "baselines.max_neighbour_users",
    "gates.least_ndcg": "gates.min_ndcg",
    "gates.least_coverage": "gates.min_coverage",
    "gates.worst_champion_loss": "gates.max_champion_loss",
    "gates.worst_slice_loss": "gates.max_slice_loss",
    "gates.least_auc": "gates.min_auc",
    "gates.least_retrieval_recall": "gates.min_retrieval_recall",
    "gates.most_latency_ms": "gates.max_latency_ms",
    "gates.most_different_answers": "gates.max_different_answers",
    "gates.most_orphans": "gates.max_orphans",
    "gates.most_duplicates": "gates.max_duplicates",
    "gates.most_top_product": "gates.max_top_product",
    "gates.most_test_queries": "gates.max_test_queries",
    "gates.least_queries": "gates.min_queries",
}
"""Old dotted key -> new one, of the same section."""
REMOVED: Final = frozenset({"index.least_recall", "index.min_recall"})
"""Dotted keys that mean nothing any more: exact search finds what exact search finds."""


def with_new_names(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Puts new names in the stead of old ones, and drops keys that mean nothing any more.

    Returns:
        The configuration, and the old dotted keys that it had.

    Raises:
        ConfigurationError: A value stands under the old and under the new name.
    """
    found, old_keys = dict(values), []
    for old, new in RENAMED.items():
        section, _, before = old.partition(".")
        name = new.partition(".")[2]
        inner = found.get(section)
        if not isinstance(inner, Mapping) or before not in inner:
            continue
        if name in inner:
            raise ConfigurationError(
                old,
                f"Configuration key `{old}` is the old name of `{new}`, which is there too. Remedy: drop it.",
            )
        found[section] = {name if key == before else key: value for key, value in inner.items()}
        old_keys.append(old)
    for key in sorted(REMOVED):
        section, _, name = key.partition(".")
        inner = found.get(section)
        if isinstance(inner, Mapping) and name in inner:
            found[section] = {kept: value for kept, value in inner.items() if kept != name}
            old_keys.append(key)
    return found, old_keys


def warning(old_keys: list[str]) -> str:
    """One line about all of them."""
    replaced = [
        f"`{old}` is now `{RENAMED[old]}`" if old in RENAMED else f"`{old}` means nothing any more"
        for old in dict.fromkeys(old_keys)
    ]
    return f"Old configuration keys, accepted for this release: {', '.join(replaced)}."


def old_name(key: str) -> str | None:
    """The name that a dotted key had before."""
    return next((old for old, new in RENAMED.items() if new == key), None)

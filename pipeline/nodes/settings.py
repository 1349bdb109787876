"""The settings of a node, made from a resolved run."""

from __future__ import annotations

from typing import Any

from components.node import BeamNode, Node, NodeSettings
from pipeline.planning.plan import RunPlan


def node_settings(node: type[Node] | type[BeamNode], plan: RunPlan, **own: Any) -> NodeSettings:
    """Fills the fields of a node's settings, each by its name.

    Args:
        node: Class of the node.
        plan: The run.
        **own: What this node alone is given, or what it is given otherwise than others.
    """
    config = plan.config
    given: dict[str, Any] = {
        "source": config.source,
        "fingerprint": plan.fingerprint,
        "findings": plan.findings,
        "features": plan.features,
        "event_weights": plan.event_weights,
        "windows": plan.windows,
        "window": plan.windows.window,
        "split": config.split,
        "history_length": config.split.history_length,
        "index_settings": config.index,
        "preranking": config.preranking,
        "pool_size": config.preranking.pool_size,
        "num_candidates": config.ranking.num_candidates,
        "cold_share": config.ranking.cold_share,
        "max_train_queries": config.ranking.max_train_queries,
        "max_eval_queries": config.ranking.max_eval_queries,
        "post_ranking": config.post_ranking,
        "exclude_purchased": config.post_ranking.exclude_purchased,
        "fallback": config.fallback,
        "baseline_settings": config.baselines,
        "gates": config.gates,
        "max_test_queries": config.gates.max_test_queries,
        "push_directory": plan.push_directory,
        "seed": config.seed,
    }
    fields = node.SETTINGS.model_fields
    return node.SETTINGS(**{name: given[name] for name in fields if name in given} | own)

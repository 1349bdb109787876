"""Which weights a run may begin from: those that were evaluated when the newest version was pushed.

With `refit` the towers that are served were trained on every event up to then, and so on the windows that
judge the next run. The evaluated ones were not.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from pipeline.inspection.graph import Graph, open_graph
from pipeline.metadata.store import Execution
from pipeline.planning.plan import PushedWeights, RunPlan
from pipeline.planning.planner import Planned
from pipeline.refreshing.pushed_parts import PushedParts, find_parts, inputs_of, maker_of
from schema.errors import UserError
from schema.served.versions import newest_version
from schema.source_settings import SourceSettings

_PARTS: Final = ("retrieval_model", "ranking_model", "transform_graph")


def with_warm_start(planned: Planned, metadata: str | None = None) -> Planned:
    """The run with the weights that it begins from, where the configuration wants it and there are any.

    Whether there are is said in the notes. Where there are not, the run begins cold.

    Args:
        planned: The run.
        metadata: Where ML Metadata is, if not where the plan says.
    """
    plan = planned.plan
    if not plan.config.warm_start:
        return planned
    weights, note = _find(plan, metadata or plan.metadata_path)
    notes = (*planned.notes, f"`warm_start`: {note}")
    return replace(planned, plan=plan.model_copy(update={"warm_start": weights}), notes=notes)


def _find(plan: RunPlan, metadata: str) -> tuple[PushedWeights | None, str]:
    """The weights, and what is to be said of them."""
    push_directory = Path(plan.push_directory)
    if newest_version(push_directory) is None:
        return None, f"nothing has been pushed to {push_directory} yet, so this run begins cold."
    graph = open_graph(metadata)
    try:
        parts = find_parts(graph, push_directory)
        weights = _weights(graph, parts, plan) if graph is not None else None
    except UserError as error:
        return None, f"this run begins cold. {error}"
    return weights, f"the trainers begin from the weights of version {parts.trained}, where they fit."


def _weights(graph: Graph, parts: PushedParts, plan: RunPlan) -> PushedWeights:
    """The weights.

    Raises:
        UserError: They are gone, know other columns, or have learned from somebody who is forgotten since.
    """
    if parts.features() != plan.features:
        raise UserError(
            f"The schema was frozen anew since version {parts.trained} was trained, whose weights know other "
            "columns."
        )
    assembler = maker_of(graph, parts.artifacts["evaluated_model"], parts.version)
    inputs = inputs_of(graph, assembler)
    for name in _PARTS:
        found = inputs.get(name)
        if found is None or not Path(found.uri).is_dir():
            where = "in no record" if found is None else f"not in {found.uri} any more"
            raise UserError(f"The `{name}` that was evaluated for version {parts.trained} is {where}.")
    _check_forgotten(maker_of(graph, inputs["examples"], parts.version), parts.trained, plan)
    return PushedWeights(version=parts.trained, **{name: inputs[name].uri for name in _PARTS})


def _check_forgotten(reading: Execution, version: str, plan: RunPlan) -> None:
    """Weights are not unlearned: what goes on from them has still learned from whom they have learned."""
    left_out = SourceSettings.model_validate(json.loads(reading.properties["source"])).forgotten
    since = set(plan.config.source.forgotten) - set(left_out)
    if since:
        raise UserError(
            f"The weights of version {version} have learned from the events of forgotten users: {len(since)}."
        )

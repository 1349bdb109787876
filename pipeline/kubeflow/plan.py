"""The container of the task `plan`: what needs the data before the first node does.

It freezes the features, resolves the windows, takes the fingerprint of the database, and leaves the
compiled pipeline for the other containers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline.config.settings import TowerlineConfig
from pipeline.kubeflow.parameters import with_settings
from pipeline.kubeflow.run import KubeflowRun, add_arguments, container_main, run_of
from pipeline.planning.planner import Planned
from pipeline.planning.workdir import usable_workdir
from pipeline.terminal import console
from schema.errors import UserError
from schema.files import locked
from schema.source import mask_url, password_of

_LOCK: Final = ".plan.lock"
"""Held while a run is planned: the first one freezes the schema and makes tables and types."""


def main(argv: Sequence[str] | None = None) -> int:
    """Plans a run and returns the exit code."""
    parser = argparse.ArgumentParser(prog="plan", description="plans a run on Kubeflow")
    add_arguments(parser)
    for option, text in (("--set", "a JSON value"), ("--text", "a text")):
        parser.add_argument(
            option, action="append", default=[], metavar="KEY=VALUE", help=f"a configuration key and {text}"
        )
    parser.add_argument("--refresh", action="store_true", help="plan a refresh of the pushed version")
    return container_main(parser, _execute, argv)


def _execute(arguments: argparse.Namespace) -> None:
    from pipeline.metadata.handle import register_types
    from pipeline.planning.planner import feature_lines
    from pipeline.runs.stale_pushes import retire_stale
    from pipeline.runs.telling import what_was_noticed, what_was_read

    run = run_of(arguments)
    if run.is_planned:  # the pod was lost after its work was done; a run has one plan
        console.say(f"Run {run.run_id} is planned already.")
        return
    config = with_settings(_settings(arguments.set, arguments.text))
    if config.source.url and password_of(config.source.url) is not None:
        raise UserError(
            "The run parameter `source` must hold no password, for Kubeflow shows it to everybody. Received: "
            f"{mask_url(config.source.url)}. Remedy: write `***` in its place and put it into the secret."
        )
    with locked(usable_workdir(str(run.root)) / _LOCK):
        planned, pipeline = (_refresh if arguments.refresh else _whole)(config, run)
        retire_stale(run.metadata, planned.plan.push_directory)
        compiled = _compiled(pipeline, run)
        register_types(run.metadata, compiled)
    console.say(what_was_read(planned))
    console.say("\n".join(feature_lines(planned.profile, planned.plan.features)))
    for line in what_was_noticed(planned):
        console.say(line)
    run.write(planned.plan, compiled)


def _whole(config: TowerlineConfig, run: KubeflowRun) -> tuple[Planned, Any]:
    """A run of everything: what was planned, and its pipeline."""
    from pipeline.create_pipeline import create_pipeline
    from pipeline.planning.planner import make_plan
    from pipeline.refreshing.pushed_weights import with_warm_start

    planned = with_warm_start(make_plan(config, str(run.root)), run.metadata)
    return planned, create_pipeline(planned.plan)


def _refresh(config: TowerlineConfig, run: KubeflowRun) -> tuple[Planned, Any]:
    """A refresh of the newest version, likewise."""
    from pipeline.refreshing.create_refresh import create_refresh
    from pipeline.refreshing.planning import plan_refresh

    refresh = plan_refresh(config, str(run.root), run.metadata)
    console.say(f"Refreshing version {refresh.parts.version}, with the weights of {refresh.parts.trained}")
    return replace(refresh.planned, plan=refresh.plan), create_refresh(refresh.plan, refresh.parts)


def _settings(json_values: Sequence[str], texts: Sequence[str]) -> dict[str, object]:
    settings: dict[str, object] = {}
    for text in json_values:
        key, _, value = text.partition("=")
        try:
            settings[key] = json.loads(value)
        except json.JSONDecodeError as error:
            raise UserError(f"The value of `{key}` is no JSON. Received: {value!r}.") from error
    for text in texts:
        key, _, value = text.partition("=")
        settings[key] = value
    return settings


def _compiled(pipeline: Any, run: KubeflowRun) -> Any:
    """The pipeline's IR under Kubeflow's run id; it does not say how ML Metadata is reached."""
    from tfx.dsl.compiler import compiler, constants
    from tfx.orchestration.portable import runtime_parameter_utils

    compiled = compiler.Compiler().compile(pipeline)
    runtime_parameter_utils.substitute_runtime_parameter(
        compiled, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run.run_id}
    )
    return compiled


if __name__ == "__main__":
    sys.exit(main())

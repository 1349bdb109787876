"""Runs nodes and prints what each took: `python -m pipeline.runs.timed_nodes KIND ...`, for the benchmark."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pipeline.planning.plan import PIPELINE_NAME, RunPlan
from pipeline.runs.local_runner import run_locally
from pipeline.terminal import console
from pipeline.terminal.progress import RAN, Stage

PLAN: Final = "reading and planning"
KINDS: Final = ("data", "all", "plain")


def main(argv: list[str] | None = None) -> int:
    """Runs the nodes and prints their stages as JSON."""
    parser = argparse.ArgumentParser(prog="timed_nodes")
    parser.add_argument("kind", choices=KINDS, help="up to Transform, all, or the straightforward way")
    parser.add_argument("--source", required=True, help="product database")
    parser.add_argument("--joined", required=True, help="folder of its joined rows as CSV")
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--beam", type=json.loads, default={}, help="settings `beam` as JSON")
    arguments = parser.parse_args(argv)
    console.say_json([asdict(stage) for stage in run(arguments)])
    return 0


def run(arguments: argparse.Namespace) -> list[Stage]:
    """Returns the stages in order; the first is what comes before the nodes."""
    import psutil

    from pipeline.config.settings import TowerlineConfig
    from pipeline.planning.planner import make_plan

    began = time.monotonic()
    config = TowerlineConfig.parse({"source": {"url": arguments.source}, "beam": arguments.beam})
    plan = make_plan(config, arguments.workdir).plan
    planned = Stage(PLAN, RAN, time.monotonic() - began, int(psutil.Process().memory_info().rss))
    done = run_locally(plan, _creator(arguments.kind, arguments.joined), quiet=True)
    return [planned, *done.stages] if arguments.kind != "plain" else list(done.stages)


def _creator(kind: str, joined: str) -> Callable[[RunPlan], Any] | None:
    if kind == "all":
        return None

    def create(plan: RunPlan) -> Any:
        return _pipeline(plan, _data(plan) if kind == "data" else _plain(plan, joined))

    return create


def _data(plan: RunPlan) -> dict[str, Any]:
    from pipeline.create_pipeline import data_nodes

    return data_nodes(plan, {})


def _plain(plan: RunPlan, joined: str) -> dict[str, Any]:
    from google.protobuf import text_format

    from benchmarks.pipeline import plain

    schema_file = Path(plan.workdir, "plain", "schema.pbtxt")
    schema_file.parent.mkdir(exist_ok=True)
    schema_file.write_text(text_format.MessageToString(plain.schema()), encoding="utf-8")
    return plain.nodes(joined, str(schema_file))


def _pipeline(plan: RunPlan, nodes: dict[str, Any]) -> Any:
    from tfx import v1 as tfx

    from pipeline.config.beam_arguments import beam_arguments
    from pipeline.metadata.connection import connection_config

    return tfx.dsl.Pipeline(
        pipeline_name=PIPELINE_NAME,
        pipeline_root=plan.artifact_root,
        components=[node.with_id(name) for name, node in nodes.items()],
        metadata_connection_config=connection_config(plan.metadata_path),
        beam_pipeline_args=beam_arguments(plan.config.beam),
    )


if __name__ == "__main__":
    sys.exit(main())

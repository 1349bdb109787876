"""The container of a further worker of a trainer: it trains along with the pod of the node."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any

from pipeline.kubeflow.run import KubeflowRun, add_arguments, container_main, run_of
from pipeline.terminal import console
from trainer.shared.rendezvous import Meeting


def main(argv: Sequence[str] | None = None) -> int:
    """Helps to train and returns the exit code."""
    parser = argparse.ArgumentParser(prog="worker", description="trains along with a node on Kubeflow")
    add_arguments(parser)
    parser.add_argument("--node", required=True, metavar="ID", help="the trainer")
    parser.add_argument("--worker", required=True, type=int, metavar="N", help="index among them, from 1")
    return container_main(parser, _execute, argv)


def meeting(run: KubeflowRun, node: str, count: int) -> Meeting:
    """Where the pods of a trainer meet."""
    return Meeting(run.folder / "workers" / node, count)


def _execute(arguments: argparse.Namespace) -> None:
    rendezvous = meeting(run_of(arguments), arguments.node, arguments.worker + 1)
    helped = rendezvous.help(arguments.worker, _call)
    console.say(f"{arguments.node}: {'trained along' if helped else 'not needed'}")


def _call(run_fn: str, fn_args: Any) -> None:
    module, _, name = run_fn.rpartition(".")
    getattr(importlib.import_module(module), name)(fn_args)


if __name__ == "__main__":
    sys.exit(main())

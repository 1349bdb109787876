"""`towerline schema`: shows or freezes the kinds of the feature columns."""

from __future__ import annotations

import argparse

from pipeline.terminal import console
from schema.errors import UserError

NAME = "schema"
HELP = "show the frozen kinds of the feature columns, or infer and freeze them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("action", choices=("show", "freeze"))
    parser.add_argument("--source", metavar="URL", help="product database (freeze)")
    parser.add_argument("--force", action="store_true", help="replace what is frozen")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    if arguments.action == "show":
        return _show(arguments)
    return _freeze(arguments)


def _show(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from pipeline.planning.freezing import FEATURES_FILE, read_features
    from pipeline.planning.planner import schema_folder

    folder = schema_folder(Path(arguments.workdir).absolute())
    features = read_features(folder)
    if features is None:
        raise UserError(f"No schema is frozen in {folder}. Remedy: `towerline schema freeze --source URL`.")
    if arguments.json:
        console.say_json(features.model_dump(mode="json"))
    else:
        console.say((folder / FEATURES_FILE).read_text(encoding="utf-8").rstrip())
    return 0


def _freeze(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from pipeline.config.loading import load_config
    from pipeline.planning.freezing import FEATURES_FILE, SCHEMA_FILE
    from pipeline.planning.planner import feature_lines, make_plan, schema_folder
    from pipeline.runs.telling import findings_text

    folder = schema_folder(Path(arguments.workdir).absolute())
    config = load_config(arguments, arguments.source)
    if (folder / FEATURES_FILE).exists() and not arguments.force:
        raise UserError(f"A schema is frozen in {folder} already. Remedy: add --force to infer it anew.")
    kept = {
        name: (folder / name).read_bytes()
        for name in (FEATURES_FILE, SCHEMA_FILE)
        if (folder / name).exists()
    }
    for name in kept:
        (folder / name).unlink()
    try:
        planned = make_plan(config, arguments.workdir)
    except BaseException:
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        raise
    if arguments.json:
        console.say_json(planned.plan.features.model_dump(mode="json"))
    else:
        console.say(f"Frozen in {folder / FEATURES_FILE}:")
        console.say("\n".join(feature_lines(planned.profile, planned.plan.features)))
    (console.note if arguments.json else console.say)(findings_text(planned.plan.findings))
    return 0

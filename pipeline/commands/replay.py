"""`towerline replay`: recorded answers once more, bit for bit."""

from __future__ import annotations

import argparse
from pathlib import Path

from pipeline.terminal import console

NAME = "replay"
HELP = "give the answers of a record again and say where they differ"
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("record", metavar="FILE", help="what `towerline serve --record FILE` wrote")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.config.loading import load_config
    from pipeline.terminal.capture import import_tensorflow

    import_tensorflow()
    from serving.replay.replaying import Replay, differences, read_record

    config = load_config(arguments)
    workdir = Path(arguments.workdir).expanduser().absolute()
    entries = read_record(Path(arguments.record).expanduser())
    replay = Replay(config.push.directory_in(workdir), entries)
    count, differing = 0, []
    for entry, answer in replay.answers():
        count += 1
        found = differences(entry["answer"], answer)
        if found:
            where = {"line": entry["line"], "request_id": entry["request_id"], "route": entry["route"]}
            differing.append({**where, "model_version": entry["model_version"], "differences": found})
    if arguments.json:
        console.say_json({"answers": count, "same": count - len(differing), "differing": differing})
        return 1 if differing else 0
    for item in differing[:_SHOWN]:
        more = f" (and {len(item['differences']) - 1} more)" if len(item["differences"]) > 1 else ""
        console.say(f"line {item['line']}, {item['route']}, request {item['request_id']}:")
        console.say(f"  {item['differences'][0]}{more}")
    console.say(f"{count:,} answers replayed, {len(differing):,} differ")
    return 1 if differing else 0

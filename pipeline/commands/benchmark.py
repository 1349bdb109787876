"""`towerline benchmark`: how good and how fast it is, beside others measured in the same run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.terminal import console
from schema import names
from schema.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

    from benchmarks.quality import Report

NAME = "benchmark"
HELP = "measure quality, also on a zoo of shops and day by day, the speed of serving, or growth"

DATA = ("complete-journey", "movielens-100k")
_REPLAYED = "complete-journey"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    kinds = ("quality", "zoo", "replay", "serving", "pipeline")
    parser.add_argument("kind", choices=kinds, help="what is measured")
    parser.add_argument("--data", choices=DATA, help="quality: data set, from an installed package")
    parser.add_argument(
        "--profile", choices=("quick", "full"), help="a subset, or everything (full; replay: quick)"
    )
    parser.add_argument("--days", type=int, default=28, help="replay: newest days of the data (28)")
    parser.add_argument(
        "--shops",
        default="",
        metavar="LIST",
        help="zoo: some of its shops, such as fashion,grocery, or random-1,random-2 (all that are named)",
    )
    parser.add_argument("--seeds", default="42,43,44", metavar="LIST", help="seeds (42,43,44)")
    parser.add_argument("--requests", type=int, default=500, help="serving: requests of a measurement (500)")
    parser.add_argument("--seconds", type=float, default=10.0, help="serving: of sustained load (10)")
    parser.add_argument(
        "--events",
        default="15000,150000,1500000",
        metavar="LIST",
        help="pipeline: sizes of the shops (15000,150000,1500000)",
    )
    parser.add_argument(
        "--stages", choices=("data", "all"), default="data", help="pipeline: up to Transform, or all"
    )
    parser.add_argument(
        "--most-plain",
        type=int,
        default=1_500_000,
        metavar="N",
        help="pipeline: largest shop on which the straightforward way is run (1500000)",
    )
    parser.add_argument(
        "--runner",
        choices=("flink", "direct"),
        help="pipeline: how the data stages scale from one worker of it to two, instead; "
        "`beam.args` says where it is",
    )
    parser.add_argument("--output", metavar="FILE.md", help="write the tables as Markdown")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    if arguments.kind == "serving":
        return _serving(arguments)
    if arguments.kind == "pipeline":
        return _pipeline(arguments)
    if arguments.kind == "zoo":
        return _zoo(arguments)
    if arguments.kind == "replay":
        return _replay(arguments)
    if not arguments.data:
        raise UserError(f"`towerline benchmark quality` needs `--data`, one of {', '.join(DATA)}.")
    from benchmarks.quality import markdown, measure, protocol

    seeds = _numbers(arguments.seeds, "--seeds")
    output = _writable(arguments.output)
    asked = protocol(arguments.data, arguments.profile or "full")
    report = measure(
        asked, seeds, Path(arguments.workdir), console.note, tuple(arguments.set), arguments.config
    )
    _tell(arguments, output, markdown(report, _command(arguments, report)), report.as_dict())
    return 0


def _zoo(arguments: argparse.Namespace) -> int:
    """Runs shops that nobody tuned for, beside every tuned classic."""
    from benchmarks.zoo import SHOPS, as_dict, markdown, measure
    from pipeline.config.loading import load_config

    output = _writable(arguments.output)
    shops = [name for name in arguments.shops.split(",") if name] or list(SHOPS)
    seed = load_config(arguments).seed
    command = "towerline benchmark zoo" + (f" --shops {arguments.shops}" if arguments.shops else "")
    results = []
    for result in measure(
        shops, seed, Path(arguments.workdir), console.note, tuple(arguments.set), arguments.config
    ):
        results.append(result)
        if output:  # what was measured stays, whatever becomes of the rest
            output.write_text(markdown(results, command), encoding="utf-8")
    _tell(arguments, output, markdown(results, command), as_dict(results))
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    """Goes through the last days of a shop, with a model left alone, refreshed, and trained anew."""
    from benchmarks.quality import protocol
    from benchmarks.replay import as_dict, markdown, measure
    from pipeline.config.loading import load_config

    data = arguments.data or _REPLAYED
    if data != _REPLAYED or arguments.days < 1:
        raise UserError(
            f"`towerline benchmark replay` takes `--data {_REPLAYED}` and `--days` of at least 1. Received: "
            f"--data {data} --days {arguments.days}."
        )
    output, seed = _writable(arguments.output), load_config(arguments).seed
    asked = protocol(data, arguments.profile or "quick")
    command = f"towerline benchmark replay --data {data} --profile {asked.profile} --days {arguments.days}"
    workdir, settings = Path(arguments.workdir), tuple(arguments.set)
    text, content = "", dict[str, Any]()
    for report in measure(asked, arguments.days, seed, workdir, console.note, settings, arguments.config):
        text, content = markdown(report, command), as_dict(report)
        if output:  # what was measured stays, whatever becomes of the rest
            output.write_text(text, encoding="utf-8")
    _tell(arguments, output, text, content)
    return 0


def _serving(arguments: argparse.Namespace) -> int:
    """Measures what is pushed in the work directory."""
    from benchmarks.quality.commands import as_configured
    from benchmarks.serving import Load, markdown, measure
    from benchmarks.serving.server import serving
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import open_concealed, source_of
    from serving.database.shop import Shop
    from serving.model.holder import warm
    from serving.model.pushed_model import PushedModel

    if arguments.requests < 2 or arguments.seconds <= 0:
        raise UserError("`--requests` must be at least 2 and `--seconds` above 0.")
    output = _writable(arguments.output)
    config, workdir = load_config(arguments), Path(arguments.workdir).expanduser().absolute()
    directory = config.push.directory_in(workdir)
    source = source_of(config, workdir)
    with open_concealed(source) as opened:
        users = sorted({user for events in opened.event_batches([names.USER_ID]) for user in _ids(events)})
    measured = measure(
        lambda kernel: warm(PushedModel(directory, one_thread=True, kernel=kernel)),
        Shop(lambda: open_concealed(source), clock_seconds=30.0),
        users,
        lambda: serving(workdir, *as_configured(arguments.set, arguments.config)),
        console.note,
        Load(arguments.requests, arguments.seconds, config.seed),
    )
    _tell(arguments, output, markdown(measured, "towerline benchmark serving"), measured.as_dict())
    return 0


def _pipeline(arguments: argparse.Namespace) -> int:
    """Measures the stages on shops of growing size, or how they scale with workers."""
    from benchmarks.pipeline import (
        as_dict,
        markdown,
        measure,
        measure_scaling,
        scaling_as_dict,
        scaling_table,
    )
    from pipeline.config.beam_arguments import BeamSettings, check_addresses
    from pipeline.config.loading import load_config

    output = _writable(arguments.output)
    sizes = _numbers(arguments.events, "--events", least=5_000)
    folder = Path(arguments.workdir).expanduser().absolute() / "benchmark-pipeline"
    config = load_config(arguments)
    if runner := arguments.runner:
        check_addresses(BeamSettings(runner=runner, args=config.beam.args))
        scaled = measure_scaling(sizes, runner, config.beam.args, folder, config.seed, console.note)
        command = f"towerline benchmark pipeline --events {arguments.events} --runner {runner}"
        _tell(arguments, output, scaling_table(scaled, runner, command), scaling_as_dict(scaled))
        return 0
    seed = config.seed
    runs = measure(sizes, arguments.stages, arguments.most_plain, folder, seed, console.note)
    command = f"towerline benchmark pipeline --events {arguments.events} --stages {arguments.stages}"
    _tell(arguments, output, markdown(runs, command), as_dict(runs))
    return 0


def _ids(events: pa.Table) -> list[str]:
    return [str(user) for user in events[names.USER_ID].unique().to_pylist()]


def _tell(arguments: argparse.Namespace, output: Path | None, text: str, content: dict[str, Any]) -> None:
    if output:
        output.write_text(text, encoding="utf-8")
        console.note(f"Wrote {output}")
    if arguments.json:
        console.say_json(content)
    else:
        console.say(text.rstrip())


def _command(arguments: argparse.Namespace, report: Report) -> str:
    """The command that gives the same numbers, without where it put them."""
    parts = ["towerline benchmark quality", f"--data {arguments.data}"]
    if report.protocol.profile != "full":
        parts.append(f"--profile {report.protocol.profile}")
    parts.append("--seeds " + ",".join(map(str, report.seeds)))
    parts += [f"--config {arguments.config}"] if arguments.config else []
    return " ".join([*parts, *(f"--set {setting}" for setting in arguments.set)])


def _numbers(text: str, option: str, least: int = 0) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < least or len(set(numbers)) < len(numbers):
        raise UserError(
            f"`{option}` takes different integers of {least} or more. Received: {text!r}. Remedy: such as "
            f"{least or 42},{(least or 42) + 1}."
        )
    return numbers


def _writable(name: str | None) -> Path | None:
    """The report comes after an hour: a folder that is not there is better known now."""
    path = Path(name).expanduser() if name else None
    if path and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UserError(f"`--output` names a file in a folder that exists. Received: {name}.")
    return path

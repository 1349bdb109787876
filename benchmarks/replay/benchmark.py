"""Goes through the last days of a shop with three schedules side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.quality.commands import refresh_pipeline, run_pipeline, write_database
from benchmarks.quality.protocols import Protocol
from benchmarks.replay.measuring import Scores
from benchmarks.replay.report import Report
from benchmarks.replay.shop import Bought, ReplayedShop
from schema.errors import PipelineRefusedError
from schema.served.versions import newest_version
from schema.source import open_source
from schema.source_settings import SourceSettings

AS_PUSHED: Final = "as pushed before"
REFRESHED: Final = "refreshed nightly"
RETRAINED: Final = "retrained weekly"
_DAYS_OF_A_WEEK: Final = 7
_LONGEST: Final = 100
_QUERIES_AT_ONCE: Final = 64


@dataclass(frozen=True)
class Schedules:
    """Where the models of the schedules are pushed, and how the pipeline is called.

    Attributes:
        shop: The shop.
        folder: Of everything.
        settings: `key=value` of the user.
        config: A configuration file of the user.
    """

    shop: ReplayedShop
    folder: Path
    settings: Sequence[str]
    config: str | None

    @property
    def refreshed(self) -> Path:
        """Work directory of the model that is refreshed."""
        return self.folder / "refreshed"

    @property
    def retrained(self) -> Path:
        """Work directory of the model that is trained anew."""
        return self.folder / "retrained"

    def run(self, workdir: Path) -> Any:
        """Runs the whole pipeline on what has come; what is refused leaves the older model."""
        return run_pipeline(self.shop.path, workdir, self.settings, self.config)

    def refresh(self) -> Any:
        """Refreshes on what has come."""
        return refresh_pipeline(self.shop.path, self.refreshed, self.settings, self.config)


def measure(
    protocol: Protocol,
    num_days: int,
    seed: int,
    directory: Path,
    tell: Callable[[str], None],
    settings: Sequence[str] = (),
    config: str | None = None,
) -> Iterator[Report]:
    """Yields the report after each day; the last one has them all.

    Args:
        protocol: The data.
        num_days: Newest days of the data that are gone through.
        seed: Of the runs and of the bootstrap.
        directory: Where the database and the work directories are made.
        tell: Called with a line for each step.
        settings: `key=value` of the user.
        config: A configuration file of the user.

    Raises:
        UserError: The data are missing, or a setting is wrong.
        PipelineRefusedError: The first model was not pushed, or a refresh was refused.
    """
    folder = directory.expanduser().absolute() / f"replay-{protocol.name}"
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "shop.db"
    tell(f"Writing {protocol.data} ({protocol.profile}) to {database}")
    write_database(protocol, database)
    shop = ReplayedShop(database, num_days)
    schedules = Schedules(shop, folder, (*protocol.settings, f"seed={seed}", *settings), config)
    tell("The model that is pushed before")
    if schedules.run(schedules.refreshed)["pushed"] is None:
        raise PipelineRefusedError("The model of before the window was not pushed; the reason stands above.")
    first = _newest(schedules.refreshed)
    report = Report(protocol.name, seed, {name: Scores() for name in (AS_PUSHED, REFRESHED, RETRAINED)})
    for day in range(num_days):
        tell(f"Day {day + 1} of {num_days}")
        _pass_night(schedules, day, report)
        models = {AS_PUSHED: first, REFRESHED: _newest(schedules.refreshed)}
        trained = newest_version(schedules.retrained / "serving")
        models[RETRAINED] = first if trained is None else _newest(schedules.retrained)
        _score(shop, day, models, report)
        shop.let_pass(day)
        report.num_days = day + 1
        yield report


def _pass_night(schedules: Schedules, day: int, report: Report) -> None:
    """What each schedule does before a day begins; before the first, all have the same model."""
    if day == 0:
        return
    started = time.monotonic()
    if schedules.refresh()["pushed"] is None:
        raise PipelineRefusedError("A refreshed model was not pushed; the reason stands above.")
    report.refresh_seconds.append(time.monotonic() - started)
    if day % _DAYS_OF_A_WEEK == 0:
        started = time.monotonic()
        report.num_refused += schedules.run(schedules.retrained)["pushed"] is None
        report.run_seconds.append(time.monotonic() - started)


def _newest(workdir: Path) -> Path:
    directory = workdir / "serving"
    return directory / str(newest_version(directory))


def _score(shop: ReplayedShop, day: int, models: dict[str, Path], report: Report) -> None:
    bought = shop.bought(day)
    before = shop.bought_before([of.user_id for of in bought])
    by_model = {path: _lists(shop, path, day, bought) for path in set(models.values())}
    for name, path in models.items():
        for of, ranked in zip(bought, by_model[path], strict=True):
            report.scores[name].add(of, ranked, before[of.user_id], shop.sold_before)
    report.num_lists += len(bought)


def _lists(shop: ReplayedShop, model_folder: Path, day: int, bought: Sequence[Bought]) -> list[list[str]]:
    """What a model recommends to the users of a day at its midnight, from their histories of then."""
    from serving.database.live_history import LiveHistory
    from serving.model.pushed_model import PushedModel

    model = PushedModel(model_folder.parent, int(model_folder.name))
    lists: list[list[str]] = []
    with open_source(SourceSettings(url=shop.url)) as source:
        history = LiveHistory(source, model.features, model.history_length, shop.midnight(day))
        for start in range(0, len(bought), _QUERIES_AT_ONCE):
            users = [of.user_id for of in bought[start : start + _QUERIES_AT_ONCE]]
            queries, _ = history.queries(users)
            answers = model.recommend(queries, _LONGEST, False)
            lists += [[item["product_id"] for item in items] for items in answers]
    return lists

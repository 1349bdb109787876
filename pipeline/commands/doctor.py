"""`towerline doctor`: what would fail, and how to fix it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.terminal import console
from schema.errors import UserError

if TYPE_CHECKING:
    from pipeline.config.settings import TowerlineConfig
    from schema.findings import Finding

NAME = "doctor"
HELP = "say what in this installation, database or configuration would fail"

OK: Final = "ok"
WARNING: Final = "warning"
FAILS: Final = "fails"

PACKAGES: Final = {
    "tfx": "1.21.0",
    "tensorflow": "2.21.0",
    "tf-keras": "2.21.0",
    "tensorflow-recommenders": "0.7.7",
    "tensorflow-transform": "1.21.0",
    "tensorflow-data-validation": "1.16.1",
    "tfx-bsl": "1.16.1",
    "ml-metadata": "1.17.1",
    "apache-beam": "2.77.0",
    "protobuf": "6.33.6",
    "pyarrow": "18.1.0",
    "numpy": "1.26.4",
}
"""Versions that were proven together; a test holds them against the lock."""

_MIN_DISK_GB: Final = 2
_MIN_MEMORY_GB: Final = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command; 2 if something would fail."""
    from pipeline.config.loading import load_config
    from pipeline.runs.telling import findings_text

    config = load_config(arguments, arguments.source)
    checks = []
    for check in check_all(config, Path(arguments.workdir).expanduser().absolute()):
        checks.append(check)
        if not arguments.json:
            console.say(f"{check.status:<8} {check.name:<15} {check.detail}")
            if check.columns:
                console.say("\n".join(check.columns))
            if check.findings:
                console.say(findings_text(check.findings))
    if arguments.json:
        console.say_json([check.to_dict() for check in checks])
    return 2 if any(check.status == FAILS for check in checks) else 0


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: What was looked at.
        status: `ok`, `warning` or `fails`.
        detail: What was found and, if it is not well, the remedy.
        findings: What was noticed about the data.
        columns: As what each column is read and why, a line each.
    """

    name: str
    status: str
    detail: str
    findings: tuple[Finding, ...] = ()
    columns: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns what `--json` prints of it."""
        found: dict[str, Any] = {"name": self.name, "status": self.status, "detail": self.detail}
        if self.columns:
            found["columns"] = [line.strip() for line in self.columns]
        if self.findings:
            found["findings"] = [finding.model_dump() for finding in self.findings]
        return found


def check_all(config: TowerlineConfig, workdir: Path) -> Iterator[Check]:
    """Looks at the installation, the machine, the work directory, the engine, the database and the model."""
    yield _python()
    yield _packages()
    yield _keras()
    yield _disk(workdir)
    yield _memory()
    yield _guarded("work directory", lambda: _workdir(workdir))
    if config.beam.runner != "direct":
        yield _guarded("engine", lambda: _engine(config))
    yield _guarded("database", lambda: _database(config, workdir))
    yield _guarded("served model", lambda: _served(config, workdir))
    yield _kernel(config, workdir)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] == (3, 11):
        return Check("python", OK, found)
    return Check(
        "python", FAILS, f"{found}; Towerline needs 3.11. Remedy: install python3.11, then make setup."
    )


def _packages() -> Check:
    wrong = []
    for name, expected in PACKAGES.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "not installed"
        if found != expected:
            wrong.append(f"{name} is {found}, not {expected}")
    if wrong:
        return Check("packages", FAILS, "; ".join(wrong) + ". Remedy: remove .venv and run make setup.")
    return Check("packages", OK, f"{len(PACKAGES)} have the versions that were proven together")


def _keras() -> Check:
    if os.environ.get("TF_USE_LEGACY_KERAS") == "1":
        return Check("keras", OK, "Keras 2 (TF_USE_LEGACY_KERAS=1)")
    return Check("keras", FAILS, "TF_USE_LEGACY_KERAS is not 1. Remedy: do not change it after start.")


def _disk(workdir: Path) -> Check:
    existing = next(path for path in (workdir, *workdir.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if free < _MIN_DISK_GB:
        return Check(
            "disk", FAILS, f"{free:.1f} GB free at {existing}. Remedy: free at least {_MIN_DISK_GB} GB."
        )
    return Check("disk", OK, f"{free:.1f} GB free at {existing}")


def _memory() -> Check:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    if free < _MIN_MEMORY_GB:
        return Check(
            "memory", WARNING, f"{free:.1f} GB available; a run takes about {_MIN_MEMORY_GB} GB or more."
        )
    return Check("memory", OK, f"{free:.1f} GB available")


def _workdir(workdir: Path) -> Check:
    existing = next(path for path in (workdir, *workdir.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check(
            "work directory", FAILS, f"{existing} cannot be written. Remedy: choose another --workdir."
        )
    return Check("work directory", OK, str(workdir))


def _engine(config: TowerlineConfig) -> Check:
    from pipeline.config.beam_arguments import check_addresses

    check_addresses(config.beam)
    return Check("engine", OK, f"{config.beam.runner}: what `beam.args` names is there")


def _database(config: TowerlineConfig, workdir: Path) -> Check:
    from pipeline.config.remembered_source import open_concealed, source_of
    from pipeline.planning.freezing import check_features, read_features
    from pipeline.planning.planner import feature_lines, findings_of, schema_folder
    from pipeline.planning.rule_check import check_rules
    from schema.profiling.profile import profile_source
    from schema.windows import resolve_windows

    if not config.source.url and not (workdir / "source.json").is_file():
        return Check("database", WARNING, "none is named. Remedy: pass --source URL to look at one.")
    settings = source_of(config, workdir)
    with open_concealed(settings) as source:
        profile = profile_source(source, config.features, lambda *_: None, events=config.events)
    resolve_windows(profile.oldest, profile.newest, config.split)
    features = read_features(schema_folder(workdir)) or profile.features
    check_features(features, profile)
    check_rules(config.post_ranking.rules, features)
    findings, columns = findings_of(profile, config), tuple(feature_lines(profile, features))
    severe = [finding for finding in findings if finding.severity == "error"]
    found = (
        f"{settings.url}: {profile.num_events:,} events, {profile.num_users:,} users, "
        f"{profile.num_products:,} products"
    )
    if severe:
        remedies = "; ".join(f"{finding.action}. Remedy: {finding.remedy}" for finding in severe)
        return Check("database", FAILS, f"{found}; {remedies}", findings, columns)
    status = WARNING if any(finding.severity == "warning" for finding in findings) else OK
    return Check("database", status, found, findings, columns)


def _served(config: TowerlineConfig, workdir: Path) -> Check:
    from schema.served.versions import newest_version

    directory = config.push.directory_in(workdir)
    version = newest_version(directory)
    if version is None:
        return Check("served model", WARNING, f"none in {directory}. Remedy: towerline run.")
    if not (directory / str(version) / "saved_model.pb").is_file():
        return Check(
            "served model", FAILS, f"{directory / str(version)} is no SavedModel. Remedy: remove it."
        )
    return Check("served model", OK, str(directory / str(version)))


def _kernel(config: TowerlineConfig, workdir: Path) -> Check:
    """Whether the kernel is built, and answers for the version that is served."""
    from kernel.description import KernelError, read_tables
    from kernel.library import Library
    from schema import names
    from schema.served.versions import newest_version

    directory = config.push.directory_in(workdir)
    version = newest_version(directory)
    try:
        Library()
        if version is not None:
            read_tables(directory / str(version) / names.KERNEL)
    except KernelError as error:
        return Check("kernel", WARNING, f"{error}; the session answers, which takes longer")
    if config.serve.kernel == "off":
        return Check("kernel", OK, "built; switched off by `serve.kernel`")
    return Check("kernel", OK, "built" if version is None else f"built, and has the tables of {version}")


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except UserError as error:
        return Check(name, FAILS, str(error))

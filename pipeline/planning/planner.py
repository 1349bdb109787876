"""From a configuration and a database to a resolved plan; nothing of TFX is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.settings import GateSettings
from pipeline.config.forgotten_users import with_forgotten
from pipeline.config.remembered_source import conceal, open_concealed
from pipeline.config.settings import TowerlineConfig
from pipeline.metadata.location import is_server, metadata_location
from pipeline.metadata.store import check_writable
from pipeline.planning import freezing
from pipeline.planning.plan import PIPELINE_NAME, RunPlan
from pipeline.planning.rule_check import check_rules
from pipeline.planning.workdir import usable_folder, usable_workdir
from pipeline.terminal.console import counter
from schema.features import FeatureSet
from schema.findings import Finding, Findings
from schema.profiling.profile import DatabaseProfile, profile_source
from schema.windows import resolve_windows

_PACKAGES: Final = ("components", "kernel", "schema", "trainer", "transform")


@dataclass(frozen=True)
class Planned:
    """A plan and what was seen on the way.

    Attributes:
        plan: The resolved run.
        profile: What is in the database.
        notes: Lines for the user.
        newly_frozen: Whether the kinds of the columns were inferred by this very call.
    """

    plan: RunPlan
    profile: DatabaseProfile
    notes: tuple[str, ...]
    newly_frozen: bool


def schema_folder(workdir: Path) -> Path:
    """Where the frozen schema of a work directory is."""
    return workdir / "schema"


def make_plan(config: TowerlineConfig, workdir: str) -> Planned:
    """Reads the database once, freezes its schema if it is new, and resolves the time windows.

    Nothing is written to the work directory before the database has proved usable.

    Raises:
        UserError: The database, the configuration or the work directory cannot be used.
    """
    known = with_forgotten(conceal(config.source), Path(workdir).expanduser().absolute())
    config = config.model_copy(update={"source": known})
    metadata = metadata_location(config.metadata, workdir)
    config = config.model_copy(update={"metadata": config.metadata.masked()})
    check_writable(metadata, PIPELINE_NAME)
    with open_concealed(config.source) as source:
        profile = profile_source(source, config.features, counter("Reading"), events=config.events)
        windows = resolve_windows(profile.oldest, profile.newest, config.split)
        root = usable_workdir(workdir)
        if not is_server(metadata):
            usable_folder(Path(metadata).parent)
        folder = schema_folder(root)
        frozen = freezing.read_features(folder)
        features = profile.features if frozen is None else frozen
        check_rules(config.post_ranking.rules, features)
        notes = freezing.check_features(features, profile)
        if frozen is None:
            freezing.write_features(folder, features)
        schema_file = freezing.frozen_schema(folder, features, source)
    read = config.source.model_copy(update={"reading": profile.reading})
    plan = RunPlan(
        config=config.model_copy(update={"source": read}),
        features=features,
        windows=windows,
        event_weights=profile.weights,
        fingerprint=_fingerprint(profile),
        findings=findings_of(profile, config),
        workdir=str(root),
        schema_file=str(schema_file),
    )
    return Planned(plan, profile, tuple(notes), frozen is None)


def findings_of(profile: DatabaseProfile, config: TowerlineConfig) -> tuple[Finding, ...]:
    """Returns what was noticed about the data, with what a run refuses of them."""
    found = Findings()
    found.extend([*gate_findings(profile, config.gates), *profile.findings])
    return found.all()


def _fingerprint(profile: DatabaseProfile) -> str:
    """Changes with the data and with our code, so that an upgrade is not served from the cache."""
    return hashlib.sha256(f"{profile.fingerprint} {code_digest()}".encode()).hexdigest()


def feature_lines(profile: DatabaseProfile, features: FeatureSet) -> list[str]:
    """Says of each feature column as what it is read and why, one a line."""
    lines = []
    for table, columns in (("users", features.users), ("products", features.products)):
        for column in columns:
            name = f"{table}.{column.name}"
            reason = profile.reasons.get(name, "")
            lines.append(f"  {name}: {column.kind.value}" + (f" ({reason})" if reason else ""))
    return lines or ["  no feature columns: ids and times only"]


def gate_findings(profile: DatabaseProfile, gates: GateSettings) -> Iterator[Finding]:
    """Yields a severe finding for each share of the events above its gate.

    Args:
        profile: What is in the database.
        gates: Thresholds.
    """
    repeats = gates.accepted_duplicates(profile.has_clock)
    limits = (
        ("repeats", repeats, "max_duplicates", "repeat another", "remove rows that were loaded twice"),
        ("top_user", gates.max_user_share, "max_user_share", "are of one user", "list it in `source.guests`"),
        (
            "top_product",
            gates.max_top_product,
            "max_top_product",
            "are of one product",
            "leave it out if it is no real product",
        ),
        (
            "outlying_stamps",
            gates.max_outlying_stamps,
            "max_outlying_stamps",
            "have an outlying stamp",
            "correct the stamps",
        ),
    )
    for name, limit, gate, what, remedy in limits:
        share = profile.shares.get(name, 0.0)
        if share > limit:
            yield Finding(
                kind=f"gates.{gate}",
                table="events",
                count=round(share * profile.num_events),
                action=f"refused: {share:.1%} of the events {what}, at most {limit:.1%}",
                remedy=f"{remedy}, or raise `gates.{gate}`",
                severity="error",
            )


def code_digest(root: Path | None = None) -> str:
    """Returns a hash of the sources of the packages whose code makes artifacts.

    The package `pipeline` is left out: what it decides reaches the nodes as parameters.

    Args:
        root: The folder that holds the packages, by default where this one is installed.
    """
    root = root or Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

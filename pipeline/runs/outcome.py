"""What a run came to: read from ML Metadata and from the files of its artifacts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from pipeline.metadata.store import Artifact, Execution, Run, RunStore
from pipeline.planning.plan import PIPELINE_NAME
from schema import names
from schema.errors import PipelineRefusedError
from schema.served.blessing import verdict
from schema.settings import Settings

_TRAINERS = ("RetrievalTrainer", "RankingTrainer")
NODES = frozenset(
    {
        *_TRAINERS,
        "QueryValidator",
        "CatalogValidator",
        "InteractionValidator",
        "RetrievalEvaluator",
        "RankingEvaluator",
        "RecommenderEvaluator",
        "ServingValidator",
        "Pusher",
    }
)
"""Nodes whose outputs say what a run came to."""

_BLESSINGS = {
    "RankingEvaluator": "the ranker is below its floor (`gates.min_auc`)",
    "RecommenderEvaluator": "the recommender did not pass its gates",
    "ServingValidator": "the served model did not pass the check in a fresh process",
}


class Outputs(Protocol):
    """Knows what executions wrote: a store, or its records in memory."""

    def outputs(self, execution: Execution) -> dict[str, list[Artifact]]:
        """Output key -> artifacts."""
        ...


class Outcome(Settings):
    """The end of a run."""

    run_id: str
    """Name in ML Metadata."""
    metrics: dict[str, Any] = {}
    """`metrics.json` of the RecommenderEvaluator."""
    retrieval: dict[str, Any] = {}
    """`metrics.json` of the RetrievalEvaluator."""
    anomalies: tuple[str, ...] = ()
    """What the validators found and did not stop the run for."""
    refusals: tuple[str, ...] = ()
    """Why the model was not pushed."""
    starts: dict[str, dict[str, Any]] = {}
    """Trainer -> `start.json`, where the run was to begin from pushed weights."""
    pushed_version: str | None = None
    """Version of the model that this run pushed."""
    pushed_to: str | None = None
    """Its folder."""
    without_kernel: str | None = None
    """Why the pushed version has no kernel; None where it has."""
    refresh_of: str | None = None
    """The version whose weights the pushed model has, if it was refreshed and not trained."""

    def check_pushed(self) -> None:
        """Ends a run that pushed nothing.

        Raises:
            PipelineRefusedError: With the reasons.
        """
        if self.pushed_to is None:
            reasons = "; ".join(self.refusals) or "a blessing is missing"
            raise PipelineRefusedError(f"Not pushed, the served version stays what it was. {reasons}")

    @property
    def start_lines(self) -> list[str]:
        """How each training began, where it was to begin from pushed weights."""
        return [f"{node} {_start_text(start)}" for node, start in self.starts.items()]

    @property
    def fallback(self) -> str | None:
        """What was pushed in place of a refused model, and why, as a sentence; None if nothing was."""
        refused = self.metrics.get("refused_model")
        if not refused or self.pushed_to is None:
            return None
        return (
            f"The trained model was refused; what is served is the order of {self.metrics['classic']}, the "
            f"baseline from which it starts (`fallback: classic`). {' '.join(refused['reasons'])}"
        )


def read_outcome(metadata_path: str, run_id: str | None = None) -> Outcome | None:
    """Returns the outcome of a run, by default the newest; None if there is no such run."""
    store = RunStore(metadata_path, PIPELINE_NAME)
    runs = [run for run in store.runs() if run_id in (None, run.run_id)]
    return outcome_of(store, runs[-1]) if runs else None


def outcome_of(store: Outputs, run: Run) -> Outcome:
    """Returns the outcome of a run of the store."""
    outputs = {
        execution.node: store.outputs(execution)
        for execution in run.executions
        if execution.node in NODES and execution.state in ("COMPLETE", "CACHED")
    }
    pushed = _first(outputs, "Pusher", "pushed_model")
    is_pushed = pushed is not None and bool(pushed.properties.get("pushed"))
    metrics = _json(_first(outputs, "RecommenderEvaluator", "evaluation"), "metrics.json")
    return Outcome(
        run_id=run.run_id,
        metrics=metrics,
        retrieval=_json(_first(outputs, "RetrievalEvaluator", "evaluation"), "metrics.json"),
        anomalies=tuple(_anomalies(outputs)),
        refusals=() if is_pushed else tuple(_refusals(outputs, metrics)),
        starts=_starts(outputs),
        pushed_version=str(pushed.properties.get("pushed_version")) if pushed and is_pushed else None,
        pushed_to=str(pushed.properties.get("pushed_destination")) if pushed and is_pushed else None,
        refresh_of=pushed.properties.get("refresh_of") if pushed and is_pushed else None,
        without_kernel=_without_kernel(outputs) if is_pushed else None,
    )


def _start_text(start: Mapping[str, Any]) -> str:
    """How a training began, as the rest of a sentence."""
    if start["began_from"] is None:
        return f"began cold: {start['reason']}."
    new = f"; {start['new_products']} of {start['products']} products are new to it"
    return (
        f"began from version {start['began_from']}: {start['metric']:.4f} in {start['num_epochs']} epochs, "
        f"{start['expected']:.4f} expected of a cold start{new if start['new_products'] else ''}."
    )


ByNode = Mapping[str, Mapping[str, list[Artifact]]]


def _first(outputs: ByNode, node: str, key: str) -> Artifact | None:
    return next(iter(outputs.get(node, {}).get(key, [])), None)


def _json(artifact: Artifact | None, name: str) -> dict[str, Any]:
    path = Path(artifact.uri, name) if artifact else None
    if path is None or not path.is_file():
        return {}
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _starts(outputs: ByNode) -> dict[str, dict[str, Any]]:
    models = {node: _first(outputs, node, "model") for node in _TRAINERS}
    found = {node: _json(model, f"Format-Serving/{names.START}") for node, model in models.items()}
    return {node: start for node, start in found.items() if start.get("asked")}


def _without_kernel(outputs: ByNode) -> str | None:
    validation = _json(_first(outputs, "ServingValidator", "blessing"), names.VALIDATION_FILE)
    return validation.get(names.KERNEL_VERDICT, {}).get("reason") or None


def _refusals(outputs: ByNode, metrics: Mapping[str, Any]) -> list[str]:
    reasons = []
    for node, sentence in _BLESSINGS.items():
        blessing = _first(outputs, node, "blessing")
        if blessing is not None and verdict(blessing.properties, Path(blessing.uri)) is False:
            reasons.append(f"{node}: {sentence}" + _details(node, blessing, metrics))
    return reasons


def _details(node: str, blessing: Artifact, metrics: Mapping[str, Any]) -> str:
    if node == "RecommenderEvaluator":
        failed = [gate for gate in metrics.get("gates", []) if not gate.get("passed", True)]
        details = [str(gate.get("detail") or gate.get("name")) for gate in failed]
    elif node == "ServingValidator":
        details = [str(reason) for reason in _json(blessing, names.VALIDATION_FILE).get("reasons", [])]
    else:
        details = []
    return ": " + "; ".join(details) if details else ""


def _anomalies(outputs: ByNode) -> list[str]:
    found = []
    for node in ("QueryValidator", "CatalogValidator"):
        artifact = _first(outputs, node, "anomalies")
        for path in sorted(Path(artifact.uri).rglob("SchemaDiff.pb")) if artifact else ():
            found += [f"{node}: {text}" for text in _schema_diff(path)]
    report = _json(_first(outputs, "InteractionValidator", "report"), "report.json")
    checks = report.get("checks", [])
    found += [
        f"InteractionValidator: {check['sentence']}" for check in checks if not check.get("passed", True)
    ]
    return found


def _schema_diff(path: Path) -> list[str]:
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    anomalies = anomalies_pb2.Anomalies.FromString(path.read_bytes())
    split = path.parent.name.removeprefix("Split-")
    infos = sorted(anomalies.anomaly_info.items())
    return [f"{split}: {name}: {info.short_description or info.description}" for name, info in infos]

"""Content of the artifacts that hold data, or say what data looks like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.inspection.examples import sample_rows
from pipeline.inspection.files import read_json
from pipeline.inspection.statistics import STATISTICS_FILE, public, split_statistics
from pipeline.inspection.view import Table, View, cell, lines
from pipeline.metadata.store import Artifact

_NUM_ROWS = 3
_SPLIT = "Split-"


def splits(artifact: Artifact, folder: Path) -> list[str]:
    """Names of the splits, in the order of the artifact."""
    found = sorted(path.name.removeprefix(_SPLIT) for path in folder.glob(f"{_SPLIT}*"))
    named = json.loads(artifact.properties.get("split_names") or "[]")
    return [name for name in named if name in found] + [name for name in found if name not in named]


def examples(artifact: Artifact, folder: Path) -> View:
    """Splits, their sizes, and the first rows of each."""
    data: dict[str, Any] = {}
    tables = []
    for split in splits(artifact, folder):
        rows = sample_rows(folder / f"{_SPLIT}{split}", _NUM_ROWS)
        count = artifact.properties.get(f"num_{split}")
        data[split] = {"rows": count, "sample": rows}
        features = sorted({name for row in rows for name in row})
        cells = [(name, *(cell(_short(row.get(name))) for row in rows)) for name in features]
        head = ("feature", *(f"row {number + 1}" for number in range(len(rows))))
        title = f"Split {split}" + (f", {count:,} rows" if count is not None else "")
        tables.append(Table(title, head, tuple(cells)))
    return View({"splits": data}, tuple(tables))


def _short(values: list[Any] | None) -> object:
    if not values:
        return None
    return [*values[:4], f"… {len(values)} in all"] if len(values) > 4 else values


def interactions(artifact: Artifact, folder: Path) -> View:
    """Columns and first rows of the events."""
    import pyarrow.parquet as pq

    from components.interactions.files import part_files

    paths = part_files(folder)
    batches = pq.ParquetFile(paths[0]).iter_batches(batch_size=_NUM_ROWS) if paths else iter(())
    batch = next(batches, None)
    rows = batch.to_pylist() if batch is not None else []
    columns = list(rows[0]) if rows else []
    data = {"num_events": artifact.properties.get("num_events"), "sample": rows}
    cells = tuple(tuple(cell(row[name]) for name in columns) for row in rows)
    return View(data, (Table(f"{data['num_events']} events, the first", tuple(columns), cells),))


def statistics(artifact: Artifact, folder: Path) -> View:
    """One table for each split."""
    data, tables = {}, []
    head = ("feature", "missing", "values a row", "mean", "min", "median", "max", "unique", "most frequent")
    for split in splits(artifact, folder):
        rows = [public(row) for row in split_statistics(folder / f"{_SPLIT}{split}" / STATISTICS_FILE)]
        data[split] = rows
        cells = tuple(_statistics_row(row) for row in rows)
        tables.append(
            Table(f"Split {split}, {rows[0]['rows'] if rows else 0:,} rows", head, cells, tuple(range(1, 8)))
        )
    return View({"splits": data}, tuple(tables))


def _statistics_row(row: dict[str, Any]) -> tuple[str, ...]:
    missing = row["missing"]
    numbers = (cell(row.get(name)) for name in ("mean", "min", "median", "max", "unique"))
    top = ", ".join(f"{cell(label)[:16]} {share:.1%}" for label, share in row.get("top", [])[:3])
    per_row = row["values_per_row"]
    return (
        row["feature"],
        "–" if missing is None else f"{missing:.1%}",
        "–" if per_row is None else f"{per_row:.1f}",
        *numbers,
        top or "–",
    )


def schema(artifact: Artifact, folder: Path) -> View:
    """One row for each feature."""
    del artifact
    rows = schema_features(folder / "schema.pbtxt")
    head = ("feature", "type", "values", "environments without it", "domain")
    cells = tuple(
        tuple(cell(row[name]) for name in ("feature", "type", "values", "absent_in", "domain"))
        for row in rows
    )
    return View({"features": rows}, (Table(f"{len(rows)} features", head, cells),))


def schema_features(path: Path) -> list[dict[str, Any]]:
    """Features of a `schema.pbtxt`."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    content = text_format.Parse(path.read_text(encoding="utf-8"), schema_pb2.Schema())
    return [
        {
            "feature": feature.name,
            "type": schema_pb2.FeatureType.Name(feature.type).lower(),
            "values": _values(feature),
            "absent_in": list(feature.not_in_environment),
            "domain": feature.WhichOneof("domain_info"),
        }
        for feature in content.feature
    ]


def _values(feature: Any) -> str:
    least, most = feature.value_count.min, feature.value_count.max
    presence = (
        f", in at least {feature.presence.min_fraction:.0%} of rows" if feature.presence.min_fraction else ""
    )
    if not feature.HasField("value_count"):
        return "any number" + presence
    return (f"{least} to {most}" if most else f"at least {least}") + presence


def anomalies(artifact: Artifact, folder: Path) -> View:
    """The anomalies of each split, in words."""
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    data: dict[str, Any] = {}
    for split in splits(artifact, folder):
        content = (folder / f"{_SPLIT}{split}" / "SchemaDiff.pb").read_bytes()
        found = sorted(anomalies_pb2.Anomalies.FromString(content).anomaly_info.items())
        data[split] = {name: info.description or info.short_description for name, info in found}
    texts = [f"  {split}: {name}: {text}" for split, found in data.items() for name, text in found.items()]
    return View({"splits": data}, (lines("Anomalies", texts or ["  none"]),))


def checks(artifact: Artifact, folder: Path) -> View:
    """The relational checks."""
    del artifact
    report = read_json(folder / "report.json")
    verdicts = {True: "passed", False: "FAILED"}
    texts = [
        f"  {verdicts[bool(check.get('passed'))]} {check.get('sentence')}"
        for check in report.get("checks", [])
    ]
    found = [
        f"  {finding['severity']}: {finding['table']}.{finding['column']} {finding['kind']}: "
        f"{finding['count']:,}, {finding['action']}"
        for finding in report.get("findings", [])
    ]
    return View(report, (lines("Checks", texts), *([lines("Findings of the data", found)] if found else [])))


def vocabularies(artifact: Artifact, folder: Path) -> View:
    """Sizes of the vocabularies of a transform graph."""
    del artifact
    sizes = vocabulary_sizes(folder)
    rows = tuple((name, f"{count:,}") for name, count in sizes.items())
    return View({"vocabularies": sizes}, (Table("Vocabularies", ("name", "entries"), rows, (1,)),))


def vocabulary_sizes(folder: Path) -> dict[str, int]:
    """Entries of each vocabulary file."""
    sizes = {}
    for path in sorted((folder / "transform_fn" / "assets").glob("*")):
        with path.open("rb") as file:
            sizes[path.name] = sum(1 for _ in file)
    return sizes

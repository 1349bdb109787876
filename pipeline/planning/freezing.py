"""The frozen schema of a database: which columns are features, and what their values look like."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from schema.errors import UserError
from schema.features import FeatureColumn, FeatureSet, Kind, types_of
from schema.files import write_text
from schema.profiling.profile import DatabaseProfile
from schema.source import PRODUCTS, USERS, ProductSource

FEATURES_FILE: Final = "features.yaml"
SCHEMA_FILE: Final = "schema.pbtxt"

_HEADER: Final = (
    "# Which columns of the database are features. Kinds: category, number, text, set, hierarchy,\n"
    "# embedding, ignore. Of a set `separator` stands between values, of a hierarchy `levels`.\n"
    "# Edit this file, or infer it anew with `towerline schema freeze --force`.\n"
)
_MAX_LISTED_VALUES: Final = 100
_STAMP: Final = "# features: "


def read_features(folder: Path) -> FeatureSet | None:
    """Returns the frozen features, None if there are none yet.

    Raises:
        UserError: The file was edited into something that cannot be understood.
    """
    import yaml

    path = folder / FEATURES_FILE
    if not path.is_file():
        return None
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise UserError(f"{path} is no YAML: {error}. Remedy: `towerline schema freeze --force`.") from error
    if not isinstance(values, dict):
        raise UserError(f"{path} must be a mapping. Remedy: `towerline schema freeze --force`.")
    return FeatureSet.parse(values, prefix=FEATURES_FILE)


def write_features(folder: Path, features: FeatureSet) -> None:
    """Writes the features where the user can edit them."""
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(features.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_text(folder / FEATURES_FILE, _HEADER + text)


def check_features(features: FeatureSet, profile: DatabaseProfile) -> list[str]:
    """Compares the frozen features with the database of today.

    Returns:
        What the user may want to know: columns that are new.

    Raises:
        UserError: A frozen column is gone.
    """
    notes: list[str] = []
    tables = (
        (USERS, features.users, profile.features.users),
        (PRODUCTS, features.products, profile.features.products),
    )
    for table, frozen, present in tables:
        names = {column.name for column in present}
        gone = [
            column.name for column in frozen if column.kind is not Kind.IGNORE and column.name not in names
        ]
        if gone:
            raise UserError(
                f"Table `{table}` has no column `{gone[0]}`, which the frozen schema uses. Remedy: restore "
                "the column, or freeze the schema again with `towerline schema freeze --force`."
            )
        today = {column.name: column for column in present}
        for column in frozen:
            if column.name in today:
                _check_type(table, column, today[column.name])
        new = sorted(names - {column.name for column in frozen})
        notes += [
            f"Column {table}.{name} is new and not used; `towerline schema freeze --force`." for name in new
        ]
    return notes


def _check_type(table: str, frozen: FeatureColumn, today: FeatureColumn) -> None:
    """Raises UserError if a column of numbers or vectors holds text today."""
    wanted = {Kind.NUMBER: "number", Kind.EMBEDDING: "vector"}.get(frozen.kind)
    holds_text = today.type == "text" and today.kind is not frozen.kind
    if wanted is not None and holds_text:
        raise UserError(
            f"Table `{table}`, column `{frozen.name}` is frozen as a {wanted} and holds text today. Remedy: "
            "correct the rows, or freeze the schema again with `towerline schema freeze --force`."
        )


def frozen_schema(folder: Path, features: FeatureSet, source: ProductSource) -> Path:
    """Returns `schema.pbtxt`, made anew if it is absent or belongs to other features.

    The returned file is a copy named by its content, for TFX caches the import of a schema by its path.
    """
    stamp = _STAMP + _digest(features.to_json())
    path = folder / SCHEMA_FILE
    if not path.is_file() or not path.read_text(encoding="utf-8").startswith(stamp):
        from schema.tensors.tf_schema import build_schema, write_schema

        folder.mkdir(parents=True, exist_ok=True)
        write_schema(build_schema(features, _known_values(features, source)), path)
        write_text(path, f"{stamp}\n{path.read_text(encoding='utf-8')}")
    text = path.read_text(encoding="utf-8")
    copy = folder / "used" / _digest(text) / SCHEMA_FILE
    if not copy.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        write_text(copy, text)
    return copy


def _known_values(features: FeatureSet, source: ProductSource) -> dict[str, list[str]]:
    columns = (
        (USERS, features.user_columns(), types_of(features.users)),
        (PRODUCTS, features.product_columns(), types_of(features.products)),
    )
    known: dict[str, list[str]] = {}
    for table, used, types in columns:
        if any(column.kind is Kind.CATEGORY for column in used.values()):
            known |= _values_of(source.read_table(table, types), used)
    return known


def _values_of(rows: Any, used: Mapping[str, FeatureColumn]) -> dict[str, list[str]]:
    from schema.values.value_text import value_text

    known = {}
    for raw, column in used.items():
        if column.kind is not Kind.CATEGORY or column.name not in rows.column_names:
            continue
        try:
            distinct = rows[column.name].unique().to_pylist()
        except NotImplementedError:  # Arrow has no distinct values of lists
            continue
        if 0 < len(distinct) <= _MAX_LISTED_VALUES:
            known[raw] = sorted({value_text(value) for value in distinct if value is not None})
    return known


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

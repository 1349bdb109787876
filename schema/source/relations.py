"""From the mapping in the configuration to the table or query that is really read."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from schema.errors import UserError
from schema.source import contract
from schema.source.queries import fill_in, query_for, without_end
from schema.source.stamps.stamp_forms import UTC_ISO, StampForm, check_form
from schema.source_settings import SourceSettings, TableMapping


@dataclass(frozen=True)
class Relation:
    """Where the rows of one table of the contract come from.

    Attributes:
        table: Name in the contract.
        name: Name of the table in the database; also what messages say.
        query: A `SELECT` that takes the table's label, if any.
        columns: Pairs of contract (or feature) name and name in the database.
        stamps: How points in time are written.
        is_irregular: Whether ids are stored with blanks around them, or otherwise not in canonical form.
    """

    table: str
    name: str
    query: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    stamps: StampForm = UTC_ISO
    is_irregular: bool = False

    @property
    def key(self) -> str:
        """Name in the database of the column by which rows are looked up."""
        return dict(self.columns)[contract.KEYS[self.table]]

    def known_as(self, column: str) -> str:
        """Returns the name in the database of a column of the contract, for messages."""
        return dict(self.columns).get(column, column)


def check_mapping(settings: SourceSettings) -> None:
    """Raises UserError if the mapping names a table that the contract does not have."""
    for table, mapping in settings.tables.items():
        if table in (contract.USERS, contract.PRODUCTS) and mapping.guests != TableMapping().guests:
            raise UserError(
                f"Configuration key `source.tables.{table}.guests` has no meaning. Remedy: write it under "
                "`source.tables.events`."
            )
        if table not in contract.TABLES:
            raise UserError(
                f"Configuration key `source.tables.{table}` is unknown. Did you mean "
                f"`source.tables.{nearest(table, contract.TABLES)}`?"
            )


def unmapped(settings: SourceSettings, table: str, dialect: str = "sqlite") -> Relation:
    """Returns the relation before its columns are known.

    Args:
        settings: The whole mapping.
        table: Name in the contract.
        dialect: Kind of database, for queries that are written for several.

    Raises:
        UserError: A variable is not configured, no query is for this kind of database, or a time zone or
            format is not understood.
    """
    mapping = settings.tables.get(table, TableMapping())
    key = f"source.tables.{table}"
    query = query_for(mapping.query, dialect, f"{key}.query")
    if query is not None:
        query = without_end(fill_in(query, settings.variables, f"{key}.query"))
        if not query:
            raise UserError(
                f"Configuration key `{key}.query` is empty. Remedy: write a SELECT, or leave the key out."
            )
    name = fill_in(mapping.table, settings.variables, f"{key}.table") if mapping.table else table
    form = StampForm(mapping.timezone or settings.timezone, mapping.format)
    check_form(form, key)
    return Relation(table, name, query, stamps=form)


def with_columns(relation: Relation, mapping: TableMapping, present: Sequence[str]) -> Relation:
    """Returns the relation with its columns named as the contract names them.

    Raises:
        UserError: A required or mapped column does not exist.
    """
    label = f"Table `{relation.name}`" if relation.query is None else f"The query for `{relation.table}`"
    for contract_name, source in mapping.columns.items():
        if source not in present:
            raise UserError(
                f"{label} has no column `{source}` (mapped to `{contract_name}`). Received: columns "
                f"{_listed(present)}. Did you mean `{nearest(source, present)}`?"
            )
    taken = set(mapping.columns.values())
    renamed = dict(mapping.columns)
    renamed.update({name: name for name in present if name not in taken and name not in renamed})
    renamed = _chosen(relation, mapping, renamed, label)
    missing = [name for name in contract.REQUIRED[relation.table] if name not in renamed]
    if missing:
        raise _missing_columns(relation, label, missing, present)
    order = {source: position for position, source in enumerate(present)}
    columns = sorted(renamed.items(), key=lambda pair: order[pair[1]])
    return replace(relation, columns=tuple(columns))


def _missing_columns(
    relation: Relation, label: str, missing: Sequence[str], present: Sequence[str]
) -> UserError:
    key = f"source.tables.{relation.table}.columns"
    listed = "; ".join(f"`{key}.{name}: {_yaml(nearest(name, present))}`" for name in missing)
    split = " If these are several columns, set `source.csv.delimiter`." if len(present) == 1 else ""
    return UserError(
        f"{label} has no column {' and no column '.join(f'`{name}`' for name in missing)}. Received: columns "
        f"{_listed(present)}. Remedy: map {'it' if len(missing) == 1 else 'them'} in the configuration, such "
        f"as {listed}.{split}"
    )


def _yaml(name: str) -> str:
    """A name as it is written in the configuration."""
    return name if re.fullmatch(r"\w+", name) else json.dumps(name, ensure_ascii=False)


def _chosen(relation: Relation, mapping: TableMapping, renamed: dict[str, str], label: str) -> dict[str, str]:
    """Leaves the columns that `only` and `exclude` leave; they name them as the database or the contract."""
    known = {**{source: name for name, source in renamed.items()}, **{name: name for name in renamed}}
    for key, listed in (("only", mapping.only), ("exclude", mapping.exclude)):
        for name in listed:
            if name not in known:
                raise UserError(
                    f"{label} has no column `{name}` (`source.tables.{relation.table}.{key}`). Received: "
                    f"columns {_listed(list(known))}. Did you mean `{nearest(name, list(known))}`?"
                )
    only = {known[name] for name in mapping.only} | set(contract.REQUIRED[relation.table])
    exclude = {known[name] for name in mapping.exclude}
    needed = sorted(exclude & set(contract.REQUIRED[relation.table]))
    if needed:
        raise UserError(
            f"{label} cannot be read without `{needed[0]}`. Received: "
            f"`source.tables.{relation.table}.exclude`. Remedy: take it off the list."
        )
    return {
        name: source
        for name, source in renamed.items()
        if name not in exclude and (not mapping.only or name in only)
    }


def missing_table(relation: Relation, label: str, present: Sequence[str]) -> UserError:
    """Returns the error for a table that does not exist."""
    hint = f" Did you mean `{nearest(relation.name, present)}`?" if present else ""
    return UserError(
        f"{label} has no table `{relation.name}`. Received: {_listed(present)}.{hint} Remedy: map it in the "
        f"configuration with `source.tables.{relation.table}.table`; a table of another schema is named as "
        "`schema.table`, and one that the user may not read is not seen."
    )


def nearest(name: str, candidates: Sequence[str]) -> str:
    """Returns the candidate that looks most like `name`."""
    lowered = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.0)
    return lowered[found[0]] if found else name


def _listed(present: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(present)) or "none"

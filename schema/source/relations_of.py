"""The tables of the contract, found in a database or a folder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from schema.source import contract
from schema.source.contract import USERS
from schema.source.relations import Relation, missing_table, unmapped, with_columns
from schema.source.tables import Tables
from schema.source_settings import SourceSettings, TableMapping


def relations_of(tables: Tables, settings: SourceSettings, irregular: Collection[str]) -> dict[str, Relation]:
    """Returns table of the contract -> where its rows come from; `users` may be absent.

    Args:
        tables: The open database or folder.
        settings: How its tables map onto the contract.
        irregular: Tables whose ids are not stored in canonical form.

    Raises:
        UserError: A table is missing, or one of its columns.
    """
    found: dict[str, Relation] = {}
    existing = tables.names()
    for table in contract.TABLES:
        mapping = settings.tables.get(table, TableMapping())
        relation = unmapped(settings, table, tables.dialect)
        if relation.query is None and relation.name not in existing and "." not in relation.name:
            if table == USERS and mapping.table is None:
                continue
            raise missing_table(relation, tables.label, existing)
        columns = with_columns(relation, mapping, tables.columns(relation))
        found[table] = replace(columns, is_irregular=table in irregular)
    return found

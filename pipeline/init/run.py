"""From the address of a database to the text of a `towerline.yaml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.init.catalogue import Table
from pipeline.init.exploring import Explorer
from pipeline.init.known_shops import mapping_of, recognise
from pipeline.init.proposal import Choose, propose
from pipeline.init.proposed import Proposal
from pipeline.init.writing import as_yaml
from schema.source import mask_url


@dataclass(frozen=True)
class Initialised:
    """What was found.

    Attributes:
        text: The YAML.
        shop: Title of the shop system, if it is a known one.
        proposal: What was proposed, if it is not.
        num_tables: Tables that were seen.
        unreadable: Tables that could not be read -> why.
    """

    text: str
    shop: str | None
    proposal: Proposal | None
    num_tables: int
    unreadable: Mapping[str, str] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """Returns what was found, for JSON."""
        tables: Mapping[str, Any] = self.proposal.tables if self.proposal else {}
        return {
            "shop": self.shop,
            "tables_seen": self.num_tables,
            "unreadable": dict(self.unreadable),
            "evidence": {name: table.evidence for name, table in tables.items()},
            "personal": {name: table.personal for name, table in tables.items()},
            "left_out": {name: table.left_out for name, table in tables.items()},
        }


def initialise(url: str, choose: Choose | None = None) -> Initialised:
    """Looks at a database or folder and writes its mapping.

    Args:
        url: As for `--source`.
        choose: Asks which table holds the events; by default nothing is asked.

    Raises:
        UserError: The database cannot be reached, or nothing in it fits.
    """
    explorer = Explorer(url)
    try:
        tables: Sequence[Table] = explorer.tables()
        masked = mask_url(url)
        shop = recognise(tables, explorer.dialect)
        if shop is not None:
            text = f"# {shop.title}, recognised by its tables.\n" + mapping_of(shop, masked, explorer)
            return Initialised(text, shop.title, None, len(tables), explorer.unreadable)
        proposal = propose(explorer, tables, choose)
        text = as_yaml(proposal, explorer.label, masked, explorer.unreadable)
        return Initialised(text, None, proposal, len(tables), explorer.unreadable)
    finally:
        explorer.close()

"""Orders of guests, who have no id: the hash of their mail address tells them apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.init import words
from pipeline.init.catalogue import Column, Table
from pipeline.init.exploring import Explorer
from pipeline.init.roles import Fact
from pipeline.init.select import Select, Spot

_MIN_MAILS: Final = 0.8
_HASHED: Final = {
    "postgresql": "'guest-' || md5(lower(trim({})))",
    "mysql": "CONCAT('guest-', SHA2(LOWER(TRIM({})), 256))",
    "files": "'guest-' || sha256(lower(trim({})))",
    "sqlite": "'guest-' || sha256(lower(trim({})))",  # Towerline brings the function along
}
_AS_TEXT: Final = {
    "postgresql": "{}::text",
    "mysql": "CAST({} AS CHAR)",
    "files": "CAST({} AS VARCHAR)",
    "sqlite": "CAST({} AS TEXT)",
}


@dataclass(frozen=True)
class Guests:
    """How rows without a user say who it was.

    Attributes:
        user: Where the id of the user stands.
        mail: Where the mail address stands.
        zero: How the user that stands for nobody is written; None if a missing one does.
        num_rows: Rows that have a mail address and no user.
        dialect: Kind of the database.
    """

    user: Spot
    mail: Spot
    zero: str | None
    num_rows: int
    dialect: str

    def user_id(self, select: Select) -> str:
        """Returns the id of the user, or else the hash of the address."""
        user = select.at(self.user)
        known = user if self.zero is None else f"NULLIF({user}, {self.zero})"
        mail = f"NULLIF({select.at(self.mail)}, '')"
        return f"COALESCE({_AS_TEXT[self.dialect].format(known)}, {_HASHED[self.dialect].format(mail)})"

    def condition(self, select: Select) -> str:
        """Returns what holds for rows that say who it was."""
        user = select.at(self.user)
        known = (
            f"{user} IS NOT NULL" if self.zero is None else f"COALESCE({user}, {self.zero}) <> {self.zero}"
        )
        return f"({known} OR {select.at(self.mail)} <> '')"

    def evidence(self) -> str:
        """Returns why, for a person."""
        return (
            f"{self.num_rows:,} rows have no user and a mail address (`{self.mail.column}`): they are of "
            "guests, told apart by the hash of the address; `guests` says what is done with them."
        )


def find_guests(
    explorer: Explorer, fact: Fact, tables: Mapping[str, Table], zero: str | None
) -> Guests | None:
    """Returns how guests are told apart; None if there are none, or the database cannot hash.

    Args:
        explorer: The database.
        fact: The events.
        tables: All tables.
        zero: How the user that stands for nobody is written, if one does.
    """
    if explorer.dialect not in _HASHED:
        return None
    table = tables[fact.table_at(fact.user.hops)]
    mail = next((column for column in table.columns if _is_mail(column)), None)
    if mail is None:
        return None
    user, address = explorer.quote(fact.user.column), explorer.quote(mail.name)
    nobody = f"{user} IS NULL" + ("" if zero is None else f" OR {user} = {zero}")
    rows = explorer.try_fetch(
        f"SELECT COUNT(*) FROM {explorer.quote(table.name)} WHERE ({nobody}) AND {address} <> ''"
    )
    if not rows or not rows[0][0]:
        return None
    spot = Spot(fact.user.hops, mail.name)
    return Guests(fact.user, spot, zero, int(rows[0][0]), explorer.dialect)


def _is_mail(column: Column) -> bool:
    if column.kind != "text" or not column.values:
        return False
    return sum(map(words.is_mail, column.values)) >= _MIN_MAILS * len(column.values)

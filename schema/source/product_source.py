"""The product database as the rest of Towerline sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from schema import names
from schema.features import Kind, ValueType
from schema.findings import Finding, Findings
from schema.source import contract
from schema.source.cells.forms import note_forms
from schema.source.contract import EVENTS, PRODUCTS, USERS, UserRange
from schema.source.forgotten import Forgotten
from schema.source.guests import Whose, is_guest, of_users, read_users, unread, without_forgotten
from schema.source.id_ranges import id_ranges, in_range
from schema.source.ids import canonical_id, id_forms
from schema.source.plain_user import PlainUser
from schema.source.product_states import ProductStates
from schema.source.relations import Relation
from schema.source.returns import Settled, settle
from schema.source.row_tables import file_named, joined, newest_of_each, oldest_first, only
from schema.source.stamps.stamp_forms import to_utc
from schema.source.stamps.stamps import readable_seconds
from schema.source.table_rows import Way, normalise_events, table_rows
from schema.source.tables import Tables, relations_of
from schema.source_settings import SourceSettings

Types = Mapping[str, ValueType]


class ProductSource:
    """Reads the three tables in the contract's names and types.

    Ids are strings, stamps are epoch seconds in UTC. Feature and context columns are int64, float64,
    string or lists of float32, whatever the database or driver calls them.

    Args:
        tables: The open database or folder.
        settings: How its tables map onto the contract.
        forgotten: Users of whom nothing is read; by default nobody.
    """

    def __init__(self, tables: Tables, settings: SourceSettings, forgotten: Forgotten | None = None) -> None:
        self._tables = tables
        self.forgotten = forgotten or Forgotten()
        """Users of whom nothing is read."""
        self.num_forgotten_rows = 0
        """Rows of theirs that were left out when `users` was read last."""
        self.unread = unread(settings)
        """How rows are read as long as nothing is known of them."""
        self.reading = settings.reading or self.unread
        """How rows are read; decided by `profile_source`."""
        self._decimal = settings.csv.decimal
        self.finds_guests = settings.guests == "auto"
        """Whether ids that stand for nobody are looked for."""
        self.findings: Findings | None = None
        """Where what is noticed about the forms of values is put, if somebody wants to know."""
        self.on_unfit: Callable[[str, int], object] = lambda *_: None
        """Called with a column and the number of its values that do not fit its frozen type."""
        self.label = tables.label
        """What messages call the database; without a password."""
        self._relations = relations_of(tables, settings, self.reading.irregular)

    def columns(self, table: str) -> list[str]:
        """Returns the columns of `users`, `products` or `events` by the contract's names; [] if absent."""
        relation = self._relations.get(table)
        return [] if relation is None else [name for name, _ in relation.columns]

    def name_of(self, table: str, column: str | None = None) -> str:
        """Returns how the user's database calls a table, or one of its columns, for messages."""
        relation = self._relations.get(table, Relation(table, table))
        return relation.name if column is None else relation.known_as(column)

    def file_findings(self, table: str) -> tuple[Finding, ...]:
        """Returns what was noticed about where the rows of a table come from."""
        relation = self._relations.get(table)
        return () if relation is None else self._tables.findings(relation)

    def read_table(
        self,
        table: str,
        types: Types | None = None,
        with_guests: bool = False,
        kinds: Mapping[str, Kind] | None = None,
    ) -> pa.Table:
        """Reads all of `users` or `products`.

        Args:
            table: Which of the two.
            types: Column -> its frozen type; what does not fit is missing. By default, types follow from
                the values.
            with_guests: Whether rows of `users` that are no user are read too.
            kinds: Column -> kind that the user chose, for columns of text that could be numbers.

        Returns:
            Contract columns by their names: ids string, `available` int64 (0/1), `created_at` int64
            (epoch seconds); features int64, float64, string or list of float32. No rows and no
            columns if `users` is absent.
        """
        relation = self._relations.get(table)
        if relation is None:
            return pa.table({})
        columns = self.columns(table)
        raw = joined(list(self._tables.read(relation, columns)), columns)
        rows = self._native(table, without_forgotten(raw, self.forgotten), types, kinds)
        self.num_forgotten_rows = raw.num_rows - rows.num_rows if table == USERS else self.num_forgotten_rows
        if table == USERS and not with_guests:
            return rows.filter(pc.invert(is_guest(rows[names.USER_ID], self.reading)))
        return rows

    def product_batches(self, types: Types) -> Iterator[pa.Table]:
        """Reads all of `products` as `read_table` does, a bounded number of rows at a time.

        What a flag or a number as a stamp means is told by the rows of a batch, as it is for events. There
        is at least one batch, perhaps without rows.
        """
        columns, first_row = self.columns(PRODUCTS), 1
        for batch in self._tables.read(self._relations[PRODUCTS], columns):
            with file_named(self._tables.position):
                rows = self._native(PRODUCTS, joined([batch], columns), types, first_row=first_row)
            yield rows
            first_row += batch.num_rows
        if first_row == 1:
            yield self._native(PRODUCTS, joined([], columns), types)

    def partitions(self, count: int) -> list[UserRange]:
        """Cuts the users of the events into at most `count` ranges with about as many events each."""
        relation = self._relations[EVENTS]
        if EVENTS in self.reading.irregular:
            batches = self._tables.read(relation, [names.USER_ID])
            return id_ranges((batch.column(0) for batch in batches), max(1, count))
        return self._tables.ranges(relation, max(1, count))

    def read_events(self, user_range: UserRange | None = None) -> pa.Table:
        """Reads events, of all users or of a range, without guests and forgotten users, after their returns.

        Returns:
            `user_id`, `product_id` string; `occurred_at` int64; `event_type` string (`purchase` where
            the table has none); `quantity`, `price`, `rating` float32; `basket_id` string; then the
            context columns. Rows of a user are in the table's order.
        """
        return self.settled_events(user_range).events

    def settled_events(self, user_range: UserRange | None = None, whose: Whose = of_users) -> Settled:
        """Reads events as `read_events` does, with the number of returns among them; of others by `whose`."""
        if user_range is None:
            tables = list(self.event_batches()) or [self._events(joined([], self.columns(EVENTS)))]
            events = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
        else:
            events = self._events(joined(list(self._range(user_range)), self.columns(EVENTS)))
        return settle(whose(without_forgotten(events, self.forgotten), self.reading), self.reading)

    def event_batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Reads all events in the table's order, a bounded number of rows at a time.

        Guests, forgotten users and returns are among them.

        Args:
            columns: Columns to read, by the contract's names; all by default.
        """
        first_row = 1
        chosen = self.columns(EVENTS) if columns is None else list(columns)
        for batch in self._tables.read(self._relations[EVENTS], chosen):
            if columns is None:
                with file_named(self._tables.position):
                    events = self._events(pa.Table.from_batches([batch]), first_row)
                yield events
            else:
                yield pa.Table.from_batches([batch])
            first_row += batch.num_rows

    def user_events(
        self, user_ids: Sequence[str], limit: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Reads the newest `limit` events of each of these users, oldest first within a user.

        What cannot be read of an event, and an event of the future, is left out: it is nobody else's
        trouble. User ids are in their canonical form.

        Args:
            user_ids: The users, in any form of their ids.
            limit: Most events of a user.
            columns: Columns to read beside user and stamp, by the contract's names; all by default. The
                others are null.
        """
        known = self._read_users(user_ids)
        needed = {names.USER_ID, names.OCCURRED_AT, *(self.columns(EVENTS) if columns is None else columns)}
        if self.reading.returns != "count":
            needed |= {names.PRODUCT_ID, names.EVENT_TYPE, names.QUANTITY}
        chosen = [name for name in self.columns(EVENTS) if name in needed]
        relation = self._relations[EVENTS]
        batches = list(self._tables.read_keys(relation, id_forms(known, user_ids), chosen)) if known else []
        newest = int(time.time()) + names.SECONDS_PER_DAY
        events = self._events(joined(batches, chosen), newest=newest)
        events = of_users(only(events, names.USER_ID, known), self.reading)
        events = events.filter(pc.is_valid(events[names.OCCURRED_AT]))
        if names.PRODUCT_ID in chosen:
            events = events.filter(pc.fill_null(pc.not_equal(events[names.PRODUCT_ID], ""), False))
        events = settle(events, self.reading).events
        return newest_of_each(oldest_first(events), limit)

    def user_rows(self, user_ids: Sequence[str], types: Types | None = None) -> pa.Table:
        """Reads the rows of `users` of these ids.

        Args:
            user_ids: In any form; the rows have them in their canonical form.
            types: Column -> its frozen type; what does not fit is missing. By default, types follow from
                the values of these rows.
        """
        known = self._read_users(user_ids)
        return self._rows_of(USERS, known, user_ids, types)

    def plain_user(self) -> PlainUser:
        """Returns who reads the rows of one user at once, where they are plain."""
        relations = (self._relations[EVENTS], self._relations.get(USERS))
        return PlainUser(self._tables, *relations, self.reading, self._read_users)

    def product_rows(self, product_ids: Sequence[str], types: Types | None = None) -> pa.Table:
        """Reads the rows of `products` of these ids, as `user_rows` does."""
        known = {canonical_id(product_id) for product_id in product_ids}
        return self._rows_of(PRODUCTS, known, product_ids, types)

    def product_states(self) -> ProductStates:
        """Returns who tells again and again which products there are and which of them are available."""
        return ProductStates(self._tables, self._relations[PRODUCTS])

    def newest_event_time(self) -> int:
        """Returns the stamp of the newest event, 0 if there is none.

        Stamps more than a day ahead of the clock of this machine, and what is no stamp, are left out.
        """
        newest, latest = 0, int(time.time()) + names.SECONDS_PER_DAY
        for batch in self._tables.read_newest(self._relations[EVENTS], latest):
            written = to_utc(batch.column(0), self._relations[EVENTS].stamps)
            stamps = readable_seconds(written, latest)
            newest = max(newest, pc.max(stamps).as_py() or 0)
        return newest

    def close(self) -> None:
        """Gives back connections."""
        self._tables.close()

    def __enter__(self) -> Self:
        """Returns the source itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def _read_users(self, user_ids: Sequence[str]) -> set[str]:
        """The canonical ids of those of whom anything is read."""
        return read_users(user_ids, self.reading, self.forgotten)

    def _range(self, users: UserRange) -> Iterator[pa.RecordBatch]:
        relation = self._relations[EVENTS]
        if not users.canonical:
            yield from self._tables.read_range(relation, users)
            return
        for batch in self._tables.read(relation, self.columns(EVENTS)):
            yield batch.filter(in_range(batch.column(names.USER_ID), users))

    def _rows_of(self, table: str, ids: set[str], given: Sequence[str], types: Types | None) -> pa.Table:
        relation = self._relations.get(table)
        if relation is None:
            return pa.table({})
        columns = self.columns(table)
        batches = list(self._tables.read_keys(relation, id_forms(ids, given), columns)) if ids else []
        rows = self._native(table, joined(batches, columns), types, is_live=True)
        return only(rows, contract.KEYS[table], ids)

    def _events(self, table: pa.Table, first_row: int = 1, newest: int | None = None) -> pa.Table:
        relation = self._relations[EVENTS]
        if self.findings is not None:
            note_forms(self.findings, without_forgotten(table, self.forgotten), relation, first_row)
        return normalise_events(
            table, relation, first_row, self.reading.empty_event_type, newest, self._decimal
        )

    def _native(
        self,
        table: str,
        raw: pa.Table,
        types: Types | None = None,
        kinds: Mapping[str, Kind] | None = None,
        is_live: bool = False,
        first_row: int = 1,
    ) -> pa.Table:
        way = Way(
            self._tables.typing, self._decimal, types, kinds or {}, is_live, self.findings, self.on_unfit
        )
        return table_rows(raw, self._relations[table], way, first_row)

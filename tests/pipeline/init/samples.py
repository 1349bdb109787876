# ruff: noqa: E501 - a row of a table reads best in one line
"""Reduced schemas of well-known sample databases, as they are declared, with generated rows.

`SAMPLES[name](scale)` gives the kind of database, the statements that create it, its rows, and the counts that a right
mapping must find.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One database: its kind, `CREATE` statements, rows of each table, and what must be found."""

    dialect: str
    creates: str
    rows: dict[str, list[tuple]]
    num_events: int
    num_users: int
    num_products: int


def _creates(name: str) -> str:
    return Path(__file__).with_name("schemas").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def fill(url: str, sample: Sample) -> None:
    """Creates the tables and inserts the rows."""
    from sqlalchemy import create_engine

    driver = url.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
    engine = create_engine(driver)
    mark = "?" if sample.dialect == "sqlite" else "%s"
    quote = engine.dialect.identifier_preparer.quote_identifier
    with engine.begin() as connection:
        for statement in sample.creates.split(";"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        for table, rows in sample.rows.items():
            if rows:
                marks = ", ".join([mark] * len(rows[0]))
                connection.exec_driver_sql(f"INSERT INTO {quote(table)} VALUES ({marks})", rows)
    engine.dispose()


class Shop:
    """Orders of users with lines of products; users prefer products whose number has their remainder by 3."""

    def __init__(
        self, scale: int = 1, num_users: int = 30, num_products: int = 24, start: str = "2021-01-04"
    ) -> None:
        self.rng = random.Random(7)
        self.users = range(1, num_users + 1)
        self.products = range(1, num_products + 1)
        first = datetime.datetime.fromisoformat(start)
        self.orders = []
        for _ in range(num_users * 6 * scale):
            user = self.rng.choice(self.users)
            when = first + datetime.timedelta(minutes=self.rng.randrange(400 * 24 * 60))
            liked = [p for p in self.products if p % 3 == user % 3 or self.rng.random() < 0.1]
            self.orders.append(
                (user, when.replace(microsecond=0), self.rng.sample(liked, self.rng.randint(1, 4)))
            )
        self.orders.sort(key=lambda order: order[1])

    def lines(self, orders: Any = None) -> list[tuple[int, int, int]]:
        """Order number, product, quantity."""
        numbered = enumerate(self.orders, 1) if orders is None else orders
        return [(n, p, 1 + (n + p) % 3) for n, (_, _, products) in numbered for p in products]


def chinook(scale: int = 1) -> Sample:
    """A digital music shop on SQLite."""
    shop = Shop(scale)
    lines = shop.lines()
    rows = {
        "Artist": [(n, f"Artist {n}") for n in range(1, 4)],
        "Album": [(n, f"Album of {n}", 1 + n % 3) for n in range(1, 7)],
        "Genre": [(n, name) for n, name in enumerate(("Rock", "Jazz", "Metal"), 1)],
        "MediaType": [(1, "MPEG audio file"), (2, "AAC audio file")],
        "Track": [
            (p, f"Song number {p}", 1 + p % 6, 1 + p % 2, 1 + p % 3, f"Writer {p % 4}", 200_000 + p * 1_371, p, 0.99 + p % 2)
            for p in shop.products
        ],
        "Playlist": [(1, "Music"), (2, "Quiet")],
        "PlaylistTrack": [(1 + p % 2, p) for p in shop.products],
        "Employee": [(1, "Adams", "Andrew", "Manager", None, "1962-02-18 00:00:00", "2002-08-14 00:00:00", "CA", "a@x.org")],
        "Customer": [
            (u, f"First{u}", f"Last{u}", None, f"{u} Road", f"City {u % 5}", None, ("Brazil", "Norway")[u % 2], "0000",
             "+1", None, f"u{u}@example.org", 1)
            for u in shop.users
        ],
        "Invoice": [
            (n, user, f"{when:%Y-%m-%d} 00:00:00", "Road", "City", "Land", 9.9) for n, (user, when, _) in enumerate(shop.orders, 1)
        ],
        "InvoiceLine": [(i, n, p, 0.99, 1) for i, (n, p, _) in enumerate(lines, 1)],
    }  # fmt: skip
    return Sample("sqlite", _creates("chinook"), rows, len(lines), len(shop.users), len(shop.products))


def northwind(scale: int = 1) -> Sample:
    """A food wholesaler on SQLite."""
    shop = Shop(scale, start="1996-07-04")
    lines = shop.lines()
    dates = [(when.date(), when.date() + datetime.timedelta(28)) for _, when, _ in shop.orders]
    rows = {
        "Categories": [(1, "Beverages", "Soft drinks, coffees", b"\x00\x15"), (2, "Seafood", "Seaweed and fish", b"\x00\x16")],
        "Suppliers": [(n, f"Supplier {n}", "Ann", "1 Road", "Town", "UK", "1") for n in (1, 2, 3)],
        "Products": [
            (p, f"Food {p}", 1 + p % 3, 1 + p % 2, "10 boxes", 10.0 + p, 5 * p, 5, "01"[p % 7 == 0]) for p in shop.products
        ],
        "Customers": [
            (f"C{u:04}", f"Shop {u}", f"Name {u}", ("Owner", "Sales Agent")[u % 2], "Road", f"City {u % 4}", None, "1",
             ("Spain", "France")[u % 2], "1", None)
            for u in shop.users
        ],
        "Employees": [(1, "Davolio", "Nancy", "Sales", "1968-12-08", "1992-05-01", b"\x00", "BA")],
        "Shippers": [(1, "Speedy", "1")],
        "Orders": [
            (n, f"C{order[0]:04}", 1, f"{day}", f"{due}", f"{due}" if n % 5 else None, 1, 3.5, "Spain")
            for n, (order, (day, due)) in enumerate(zip(shop.orders, dates, strict=True), 1)
        ],
        "Order Details": [(n, p, 10.0 + p, q, 0.15 if n % 4 == 0 else 0.0) for n, p, q in lines],
    }  # fmt: skip
    return Sample("sqlite", _creates("northwind"), rows, len(lines), len(shop.users), len(shop.products))


def foodmart(scale: int = 1) -> Sample:
    """A star schema of supermarkets on SQLite, without any declared key; the facts of each year in a table."""
    shop = Shop(scale, start="1997-01-02")
    first = shop.orders[0][1].date()
    days = [first + datetime.timedelta(n) for n in range(420)]
    facts = [
        (
            p,
            1 + (when.date() - first).days,
            user,
            n % 3,
            1 + n % 4,
            2.0 * (1 + p % 3),
            1.0,
            float(1 + p % 3),
            when.year,
        )
        for n, (user, when, products) in enumerate(shop.orders)
        for p in products
    ]
    rows = {
        "product_class": [(n, f"Sub {n}", f"Category {n}", f"Department {n % 2}", "Food") for n in range(1, 5)],
        "product": [
            (1 + p % 4, p, f"Brand {p % 5}", f"Brand {p % 5} thing {p}", 90_000_000_000 + p, 1.5 + p, 7.5, 1, p % 2)
            for p in shop.products
        ],
        "customer": [
            (u, 87_000_000 + u, f"Last{u}", f"First{u}", "Road", f"City {u % 4}", "WA", "1", ("USA", "Canada")[u % 2], "1",
             "1961-08-26", "MS"[u % 2], "$30K - $50K", "FM"[u % 2], "Partial College", "YN"[u % 2], f"First{u} Last{u}",
             u % 4, "Bronze", "Manual", u % 3)
            for u in shop.users
        ],
        "time_by_day": [
            (n, f"{day} 00:00:00", f"{day:%A}", f"{day:%B}", day.year, 1 + n // 7) for n, day in enumerate(days, 1)
        ],
        "store": [(n, "Supermarket", f"Store {n}", f"Town {n}") for n in range(1, 5)],
        "promotion": [(n, f"Promotion {n}", "TV", "1997-01-01 00:00:00") for n in range(3)],
        "inventory_fact_1997": [(p, 1, 1, 1, 10) for p in shop.products],
        "sales_fact_1997": [fact[:-1] for fact in facts if fact[-1] == 1997],
        "sales_fact_1998": [fact[:-1] for fact in facts if fact[-1] == 1998],
        "agg_c_10_sales_fact_1997": [(1, 3.5, 2)],
    }  # fmt: skip
    return Sample("sqlite", _creates("foodmart"), rows, len(facts), len(shop.users), len(shop.products))


def classicmodels(scale: int = 1) -> Sample:
    """Model cars for resellers on MySQL; some orders are cancelled."""
    shop = Shop(scale, start="2003-01-06")
    lines = shop.lines()
    cancelled = {n for n in range(1, len(shop.orders) + 1) if n % 11 == 0}
    statuses = ("Shipped", "Resolved", "In Process", "On Hold", "Disputed")
    rows = {
        "productlines": [("Classic Cars", "Attention car lovers", None, None), ("Ships", "The perfect gift", None, None)],
        "products": [
            (f"S10_{1000 + p}", f"Model {p}", ("Classic Cars", "Ships")[p % 2], "1:10", f"Vendor {p % 3}",
             f"This replica of number {p} has turnable wheels", 0 if p % 9 == 0 else 100 + p, 20 + p, 40 + 2 * p)
            for p in shop.products
        ],
        "offices": [("1", "Boston", "1", "Road", "USA", "NA")],
        "employees": [(1002, "Murphy", "Diane", "d@x.org", "1", "Sales Rep")],
        "customers": [
            (100 + u, f"Shop {u}", "Schmitt", "Carine", "1", "Road", None, f"City {u % 4}", None, "1",
             ("France", "USA")[u % 2], 1002, 1000 * u)
            for u in shop.users
        ],
        "orders": [
            (n, when.date(), when.date(), None, "Cancelled" if n in cancelled else statuses[n % 4], None, 100 + user)
            for n, (user, when, _) in enumerate(shop.orders, 1)
        ],
        "orderdetails": [(n, f"S10_{1000 + p}", 20 + q, 30 + p, 1) for n, p, q in lines],
        "payments": [(100 + u, f"HQ{u}", datetime.date(2004, 10, 19), 6066.78) for u in shop.users],
    }  # fmt: skip
    kept = [line for line in lines if line[0] not in cancelled]
    return Sample("mysql", _creates("classicmodels"), rows, len(kept), len(shop.users), len(shop.products))


def _rentals(name: str, dialect: str, scale: int) -> Sample:
    shop = Shop(scale, start="2021-05-24")
    rentals = [(user, when, p) for user, when, products in shop.orders for p in products]
    old = datetime.datetime(2006, 2, 15, 4, 34, 33)
    mpaa, features = ("PG", "R", "G"), ("Trailers,Commentaries", "Deleted Scenes")
    array = [value.split(",") for value in features] if dialect == "postgresql" else features
    yes, no = (True, False) if dialect == "postgresql" else (1, 0)
    rows = {
        "country": [(1, "Chile", old), (2, "Peru", old)],
        "city": [(n, f"City {n}", 1 + n % 2, old) for n in range(1, 5)],
        "address": [(u, f"{u} Road", None, f"District {u % 3}", 1 + u % 4, "1", "1", old) for u in shop.users],
        "store": [(1, 1, old), (2, 2, old)],
        "staff": [(1, "Mike", "Hillyer", "m@x.org", 1, "8cb2237d")],
        "customer": [
            (u, 1 + u % 2, f"FIRST{u}", f"LAST{u}", f"u{u}@example.org", u, no if u % 7 == 0 else yes, old, old)
            for u in shop.users
        ],
        "language": [(1, "English", old)],
        "category": [(1, "Action", old), (2, "Family", old)],
        "actor": [(1, "PENELOPE", "GUINESS", old), (2, "NICK", "WAHLBERG", old)],
        "film": [
            (p, f"FILM {p}", f"A drama of a boat and {p} women", 2006, 1, None, 3 + p % 5, 0.99 + p % 3, 80 + p, 19.99,
             mpaa[p % 3], old, array[p % 2])
            for p in shop.products
        ],
        "film_category": [(p, 1 + p % 2, old) for p in shop.products],
        "film_actor": [(1 + p % 2, p, old) for p in shop.products],
        "inventory": [(10 * p + s, p, s, old) for p in shop.products for s in (1, 2)],
        "rental": [
            (n, when, 10 * p + 1 + n % 2, user, when + datetime.timedelta(3) if n % 9 else None, 1, old)
            for n, (user, when, p) in enumerate(rentals, 1)
        ],
        "payment": [(n, user, 1, n, 2.99, when) for n, (user, when, _) in enumerate(rentals, 1) if n % 10],
    }  # fmt: skip
    return Sample(dialect, _creates(name), rows, len(rentals), len(shop.users), len(shop.products))


def sakila(scale: int = 1) -> Sample:
    """DVD rentals on MySQL."""
    return _rentals("sakila", "mysql", scale)


def pagila(scale: int = 1) -> Sample:
    """DVD rentals on PostgreSQL, with an enum, an array, zones and a view that names the customers."""
    return _rentals("pagila", "postgresql", scale)


def adventureworks(scale: int = 1) -> Sample:
    """The warehouse of a bicycle maker on PostgreSQL; a product has a row for each period of its price."""
    shop = Shop(scale, start="2013-01-07")
    split = shop.orders[len(shop.orders) // 2][1]
    day = lambda when: int(f"{when:%Y%m%d}")  # noqa: E731
    facts = [
        (p + (100 if when > split else 0), day(when), day(when), day(when), user, 1, f"SO{n}", i, 1, 10 + p, 5, 10 + p, None,
         when, when + datetime.timedelta(12), when + datetime.timedelta(7))
        for n, (user, when, products) in enumerate(shop.orders, 43697)
        for i, p in enumerate(products, 1)
    ]  # fmt: skip
    days = sorted({fact[1]: fact[13].date() for fact in facts}.items())

    def product(
        p: int, key: int, begin: datetime.datetime, end: datetime.datetime | None, price: int
    ) -> tuple:
        status = None if end else "Current"
        return (key, f"BK-{p:03}", 1 + p % 2, f"Bike {p}", f"Bici {p}", True, ("Red", "Black")[p % 2], price, "M",
                f"Model {p % 4}", b"\x00", f"A bike for {p} hills", f"Un velo {p}", begin, end, status, "R", "H", "U", 1.5)  # fmt: skip

    first = shop.orders[0][1]
    rows = {
        "DimDate": [(key, date, f"{date:%B}") for key, date in days],
        "DimProductCategory": [(1, 1, "Bikes", "Bicis"), (2, 2, "Clothing", "Prendas")],
        "DimProductSubcategory": [(1, "Road Bikes", "Bicis de ruta", 1), (2, "Gloves", "Guantes", 2)],
        "DimProduct": [product(p, p, first, split, 10 + p) for p in shop.products]
        + [product(p, p + 100, split, None, 12 + p) for p in shop.products],
        "DimGeography": [(n, f"City {n}", f"State {n}", "Australia", "Australia", "1") for n in (1, 2)],
        "DimCustomer": [
            (u, 1 + u % 2, f"AW{u:05}", f"First{u}", f"Last{u}", datetime.date(1970, 1, 1), "MS"[u % 2], "FM"[u % 2],
             f"u{u}@example.org", 10_000 * (u % 9), u % 4, "Bachelors", "Licenciatura", "01"[u % 2], "Road", "1", None,
             ("0-1 Miles", "5-10 Miles")[u % 2], ("Clerical", "Manual")[u % 2], u % 3)
            for u in shop.users
        ],
        "DimEmployee": [(1, "Guy", "Gilbert", "aw\\guy")],
        "DimReseller": [(1, "A Bike Store", "1")],
        "FactResellerSales": [(p, days[0][0], 1, 1, 2, first) for p in shop.products],
        "FactInternetSales": facts,
    }  # fmt: skip
    return Sample(
        "postgresql", _creates("adventureworks"), rows, len(facts), len(shop.users), len(shop.products)
    )


SAMPLES = {
    sample.__name__: sample
    for sample in (adventureworks, chinook, classicmodels, foodmart, northwind, pagila, sakila)
}

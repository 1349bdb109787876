"""Guests, told apart by the hash of their mail address, and variants, which count for their parent."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest

SHOP = """
    CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(99), country VARCHAR(9));
    CREATE TABLE products (id INTEGER PRIMARY KEY, parent_id INTEGER, name VARCHAR(99), colour VARCHAR(9));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, email VARCHAR(99), made_at TIMESTAMP);
    CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, quantity INTEGER);
"""


def rows(nobody):
    """Ten of each; orders 7 to 9 are of guests, two of them the same; order 10 is of nobody at all."""
    mails = {7: "Ann@example.org", 8: " ann@example.org", 9: "bob@example.org", 10: ""}
    return {
        "customers": [(n, f"c{n}@example.org", "FR") for n in range(1, 11)],
        "products": [(n, 1 if n in (2, 3) else nobody, f"Thing {n}", "red") for n in range(1, 11)],
        "orders": [
            (n, nobody if n > 6 else n, mails.get(n, f"c{n}@example.org"), f"2023-01-{n:02} 10:00:00")
            for n in range(1, 11)
        ],
        "order_items": [(n, n, n, 1) for n in range(1, 11)],
    }


def fill(url, nobody):
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.executescript(SHOP)
        for table, values in rows(nobody).items():
            marks = ", ".join("?" * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", values)
        connection.commit()
        connection.close()
        return
    from sqlalchemy import create_engine

    driver = url.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
    engine = create_engine(driver)
    with engine.begin() as connection:
        for statement in filter(str.strip, SHOP.split(";")):
            connection.exec_driver_sql(statement)
        for table, values in rows(nobody).items():
            for row in values:
                marks = ", ".join(["%s"] * len(row))
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", row)
    engine.dispose()


def write_csv(folder):
    names = {
        "customers": "id,email,country",
        "products": "id,parent_id,name,colour",
        "orders": "id,customer_id,email,made_at",
        "order_items": "id,order_id,product_id,quantity",
    }
    for table, values in rows(None).items():
        lines = [names[table], *(",".join("" if v is None else str(v) for v in row) for row in values)]
        (folder / f"{table}.csv").write_text("\n".join(lines) + "\n")
    return str(folder)


def hashed(mail, kind):
    return "guest-" + hashlib.new(kind, mail.encode()).hexdigest()


def check(text, source, kind):
    events = source.read_events()
    guests = [user for user in events["user_id"].to_pylist() if user.startswith("guest-")]
    ann, bob = (hashed(name, kind) for name in ("ann@example.org", "bob@example.org"))
    assert sorted(guests) == sorted([ann, ann, bob])
    assert sorted(user for user in events["user_id"].to_pylist() if user not in guests) == list("123456")
    assert "3 rows have no user and a mail address" in " ".join(text.replace("#", "").split())
    assert sorted(events["product_id"].to_pylist(), key=int) == list("111456789")
    assert source.read_table("products")["product_id"].to_pylist() == [*"1456789", "10"]
    assert "example.org" not in text  # nothing of a person is shown


@pytest.mark.parametrize("nobody", [None, 0])
@pytest.mark.parametrize(
    ("dialect", "kind"),
    [
        pytest.param("postgresql", "md5", marks=pytest.mark.postgres),
        pytest.param("mysql", "sha256", marks=pytest.mark.mysql),
    ],
)
def test_servers(empty_database, mapped, dialect, kind, nobody):
    url = empty_database(dialect)
    fill(url, nobody)
    check(*mapped(url), kind)


def test_folders(tmp_path, mapped):
    check(*mapped(write_csv(tmp_path)), "sha256")


@pytest.mark.parametrize("nobody", [None, 0])
def test_sqlite_hashes_by_a_function_of_ours(empty_database, mapped, nobody):
    url = empty_database("sqlite")
    fill(url, nobody)
    text, source = mapped(url)
    check(text, source, "sha256")
    assert "each of 2 variants belongs to" in " ".join(text.replace("#", "").split())
    ann = hashed("ann@example.org", "sha256")
    assert source.user_events([ann], 10)["product_id"].to_pylist() == ["7", "8"]
    assert source.plain_user().events(ann, 10).product_ids == ["7", "8"]
    assert source.newest_event_time() == 1_673_258_400  # of the ninth of January, ten o'clock
    assert "guests: by mail hash  # or: drop, count for popularity only" in text


def test_variants_of_a_table_of_their_own_count_for_their_product(tmp_path, mapped):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, country TEXT);"
        "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE product_variants (id INTEGER PRIMARY KEY, product_id INTEGER REFERENCES products (id),"
        " size TEXT);"
        "CREATE TABLE purchases (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),"
        " variant_id INTEGER REFERENCES product_variants (id), bought_at TEXT);"
    )
    numbers = range(1, 11)
    connection.executemany("INSERT INTO users VALUES (?, 'FR')", [(n,) for n in numbers])
    connection.executemany("INSERT INTO products VALUES (?, ?)", [(n, f"Thing {n}") for n in numbers])
    variants = [(100 + n, 1 + n % 3, "ML"[n % 2]) for n in numbers]
    connection.executemany("INSERT INTO product_variants VALUES (?, ?, ?)", variants)
    bought = [(n, n, 100 + n, f"2023-01-{n:02}") for n in numbers]
    connection.executemany("INSERT INTO purchases VALUES (?, ?, ?, ?)", bought)
    connection.commit()
    connection.close()
    _, source = mapped(str(tmp_path / "shop.db"))
    assert source.read_events()["product_id"].to_pylist() == [str(1 + n % 3) for n in numbers]


def test_a_parent_that_is_no_product_makes_no_variant(tmp_path, mapped):
    fill(f"sqlite:///{tmp_path / 'shop.db'}", None)
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("UPDATE products SET parent_id = 900 + id")
    connection.commit()
    connection.close()
    text, source = mapped(str(tmp_path / "shop.db"))
    assert "variants" not in text
    assert source.read_table("products").num_rows == 10

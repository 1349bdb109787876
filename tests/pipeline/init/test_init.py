# ruff: noqa: E501 - a statement or row reads best in one line
"""Schemas of all sorts, folders, the options of the command, and what it says when nothing fits."""

from __future__ import annotations

import io
import json
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import cli

FIRST = 1_704_067_200  # 2024-01-01


@pytest.fixture
def database(tmp_path):
    """`database(script)` makes a SQLite database and returns its URL."""

    def make(script: str, **rows: list[tuple]) -> str:
        connection = sqlite3.connect(tmp_path / "shop.db")
        connection.executescript(script)
        for table, values in rows.items():
            connection.executemany(
                f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(values[0]))})', values
            )
        connection.commit()
        connection.close()
        return f"sqlite:///{tmp_path / 'shop.db'}"

    return make


def mistake(capfd, *arguments: str) -> str:
    assert cli.main(["init", *arguments]) == 2
    return capfd.readouterr().err


def ten(values):
    """Ten rows that each of `values` builds from a number."""
    return [values(n) for n in range(1, 11)]


def test_without_foreign_keys_names_and_values_decide(database, mapped):
    url = database(
        """
        CREATE TABLE tbl_clients (client_id INTEGER, full_name TEXT, segment TEXT, e_mail TEXT);
        CREATE TABLE tbl_articles (article_no TEXT, bezeichnung TEXT, price REAL);
        CREATE TABLE tbl_bestellungen (bestellung_id INTEGER, client_id INTEGER, datum TEXT);
        CREATE TABLE tbl_bestellpositionen (pos INTEGER, bestellung_id INTEGER, article_no TEXT, menge INTEGER);
        CREATE TABLE tbl_suppliers (supplier_id INTEGER, name TEXT, phone TEXT);
        """,
        tbl_clients=ten(lambda n: (n, f"Name {n}", "ab"[n % 2], f"c{n}@example.org")),
        tbl_articles=ten(lambda n: (f"A-{n:03}", f"Thing {n}", n / 2)),
        tbl_bestellungen=ten(lambda n: (100 + n, n, f"{n:02}.02.2023 10:30")),
        tbl_bestellpositionen=ten(lambda n: (n, 100 + n, f"A-{n:03}", 1 + n % 3)),
        tbl_suppliers=ten(lambda n: (n, f"Supplier {n}", "1")),
    )
    text, source = mapped(url)
    events = source.read_events().slice(0, 1).to_pylist()[0]
    assert events["user_id"] == "1" and events["product_id"] == "A-001" and events["basket_id"] == "101"
    assert events["occurred_at"] == 1_675_247_400 and events["quantity"] == 2
    assert source.columns("users") == ["user_id", "segment"]
    assert source.columns("products") == ["product_id", "bezeichnung", "price"]
    assert "format: '%d.%m.%Y %H:%M'" in text
    said = " ".join(text.replace("#", "").split())
    assert "`tbl_bestellungen.client_id` refers to `tbl_clients` (by its name; 100% of the values" in said


def test_a_name_that_the_values_do_not_prove_is_no_reference(database, tmp_path, capfd):
    url = database(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT);"
        "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, product_id INTEGER, created_at TEXT);",
        customers=ten(lambda n: (n, f"c{n}@example.org")),
        products=ten(lambda n: (n, f"Thing {n}")),
        orders=ten(lambda n: (n, 500 + n, n, f"2023-01-{n:02}")),
    )
    output = tmp_path / "out.yaml"
    assert cli.main(["init", "--source", url, "--output", str(output)]) == 0
    assert "`orders.customer_id` refers to" not in output.read_text()
    assert "`orders.product_id` refers to `products`" in output.read_text()


def test_an_event_log_with_types_and_milliseconds(database, mapped):
    url = database(
        "CREATE TABLE visitors (visitor_id TEXT PRIMARY KEY, country TEXT, ip TEXT);"
        "CREATE TABLE items (item_id INTEGER PRIMARY KEY, title TEXT, category TEXT, is_active INTEGER, added TEXT);"
        "CREATE TABLE events (ts INTEGER, visitor_id TEXT, event TEXT, item_id INTEGER, transaction_id INTEGER);",
        visitors=ten(lambda n: (f"v{n}", "FR", "10.0.0.1")),
        items=ten(lambda n: (n, f"Thing {n}", "ab"[n % 2], n % 2, "2020-01-01")),
        events=ten(
            lambda n: (1000 * (FIRST + n * 86_400), f"v{n}", ("view", "cart", "purchase")[n % 3], n, None)
        ),
    )
    _, source = mapped(url)
    events = source.read_events()
    assert events["occurred_at"].to_pylist() == [FIRST + n * 86_400 for n in range(1, 11)]
    assert set(events["event_type"].to_pylist()) == {"view", "cart", "purchase"}
    assert source.columns("users") == ["user_id", "country"]
    products = source.read_table("products")
    assert products["available"].to_pylist() == [1, 0] * 5
    assert products["created_at"].to_pylist() == [1_577_836_800] * 10


def test_guests_and_cancelled_orders_are_left_out(database, mapped):
    url = database(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, city TEXT);"
        "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, created_at TEXT, updated_at TEXT,"
        " order_status TEXT, deleted_at TEXT);"
        "CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id),"
        " product_id INTEGER REFERENCES products (id), unit_price REAL, qty INTEGER);",
        customers=ten(lambda n: (n, f"c{n}@example.org", "Rome")),
        products=ten(lambda n: (n, f"Thing {n}")),
        orders=ten(
            lambda n: (n, n % 10, f"2023-01-{n:02}", "2024-01-01", "canceled" if n == 3 else "paid",
                       "2023-02-01" if n == 4 else None)
        ),
        order_items=ten(lambda n: (n, n, n, 2.5, 1)),
    )  # fmt: skip
    text, source = mapped(url)
    assert sorted(source.read_events()["user_id"].to_pylist()) == ["1", "2", "5", "6", "7", "8", "9"]
    assert "The user 0 stands for guests" in text
    assert "says which do not count" in text


def test_every_order_with_a_user_of_its_own_is_noticed(database, mapped):
    many = range(1, 31)
    url = database(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, person TEXT); CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, created_at TEXT);"
        "CREATE TABLE order_items (order_id INTEGER, product_id INTEGER, quantity INTEGER);",
        customers=[(n, f"p{n // 2}") for n in many],
        products=ten(lambda n: (n, f"Thing {n}")),
        orders=[(n, n, f"2023-01-{n:02}") for n in many],
        order_items=[(n, 1 + n % 10, 1) for n in many for _ in (1, 2)],
    )
    text, _ = mapped(url)
    assert "LOOK: 30 orders have 30 users" in " ".join(text.replace("#", "").split())


def test_zero_may_be_a_user(database, mapped):
    url = database(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, country TEXT); CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT);"
        "CREATE TABLE purchases (user_id INTEGER, book_id INTEGER, bought_at TEXT);",
        users=[(n, "FR") for n in range(10)],
        books=ten(lambda n: (n, f"Book {n}")),
        purchases=ten(lambda n: (n - 1, n, f"2023-01-{n:02}")),
    )
    text, source = mapped(url)
    assert source.read_events().num_rows == 10 and "LOOK" not in text


def test_other_tables_of_events_are_named(database, mapped):
    url = database(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, country TEXT);"
        "CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT);"
        "CREATE TABLE purchases (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),"
        " book_id INTEGER REFERENCES books (id), purchased_at TEXT);"
        "CREATE TABLE wishlist (user_id INTEGER REFERENCES users (id), book_id INTEGER REFERENCES books (id),"
        " added_at TEXT);",
        users=ten(lambda n: (n, "FR")),
        books=ten(lambda n: (n, f"Book {n}")),
        purchases=ten(lambda n: (n, n, n, f"2023-01-{n:02}")),
        wishlist=ten(lambda n: (n, n, f"2023-01-{n:02}")),
    )
    text, _ = mapped(url)
    assert "table: purchases" in text
    assert "Not taken as events: wishlist" in text


@pytest.fixture
def flat(tmp_path):
    """One file that says all, as exports often do."""
    folder = tmp_path / "export"
    folder.mkdir()
    lines = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    for n in range(1, 31):
        code = f"{84_000 + n % 5}B"
        lines.append(
            f"{536_000 + n // 2},{code},THING {n % 5},{1 + n % 3},12/{n}/2010 8:26,2.55,{17_000 + n % 7},{'UK' if n % 7 else 'EIRE'}"
        )
    (folder / "online_retail.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_one_flat_file(flat, mapped):
    text, source = mapped(str(flat))
    events = source.read_events()
    assert events.num_rows == 30
    assert events.slice(0, 1).to_pylist()[0] == {
        "user_id": "17001", "product_id": "84001B", "occurred_at": 1_291_191_960, "event_type": "purchase",
        "quantity": 2.0, "price": pytest.approx(2.55), "rating": None, "basket_id": "536000",
    }  # fmt: skip
    products = source.read_table("products").sort_by("product_id").to_pylist()
    assert products[1] == {"product_id": "84001B", "Description": "THING 1", "UnitPrice": 2.55}
    assert len(products) == 5
    users = {row["user_id"]: row["Country"] for row in source.read_table("users").to_pylist()}
    assert len(users) == 7 and users["17000"] == "EIRE" and users["17001"] == "UK"
    assert "There is no table of products" in text


def test_a_folder_of_csv_and_parquet(tmp_path, mapped):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "orders.csv").write_text(
        "order_id,customer_id,order_date\n" + "".join(f"{n},00{n},2023-01-{n:02}\n" for n in range(1, 10))
    )
    (folder / "order_lines.csv").write_text(
        "order_id,sku,quantity,price\n" + "".join(f"{n},P{n},2,1.5\n" for n in range(1, 10))
    )
    pq.write_table(
        pa.table({"sku": [f"P{n}" for n in range(1, 10)], "title": [f"Thing {n}" for n in range(1, 10)]}),
        folder / "products.parquet",
    )
    (folder / "customers.csv").write_text(
        "customer_id,email,country\n" + "".join(f"00{n},c{n}@example.org,FR\n" for n in range(1, 10))
    )
    _, source = mapped(str(folder))
    events = source.read_events()
    assert events["user_id"].to_pylist() == [f"00{n}" for n in range(1, 10)]
    assert events["price"].to_pylist() == [1.5] * 9
    assert source.columns("users") == ["user_id", "country"]
    assert source.read_table("products")["title"].to_pylist()[0] == "Thing 1"


def test_the_contract_itself(checkerboard_url, mapped):
    text, source = mapped(checkerboard_url)
    assert "table: events" in text and "table: users" in text
    assert source.columns("users") == ["user_id", "colour_liked", "age"]


def test_nothing_fits(database, tmp_path, capfd):
    url = database(
        "CREATE TABLE weather (day TEXT, degrees REAL); CREATE TABLE stations (id INTEGER, name TEXT);"
    )
    output = tmp_path / "out.yaml"
    message = mistake(capfd, "--source", url, "--output", str(output))
    assert "`stations`, `weather`" in message and len(message.splitlines()) == 1
    assert not output.exists()


def test_a_file_that_cannot_be_read_is_passed_over(flat, tmp_path, mapped, capfd):
    (flat / "broken.parquet").write_text("no parquet")
    _, source = mapped(str(flat))
    assert source.read_events().num_rows == 30
    (flat / "online_retail.csv").unlink()
    message = mistake(capfd, "--source", str(flat), "--output", str(tmp_path / "out.yaml"))
    assert "(`broken` cannot be read)" in message


def test_a_table_without_rights_is_passed_over(empty_database, mapped):
    from sqlalchemy import create_engine

    url = empty_database("postgresql")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE customers (id int PRIMARY KEY, country text); CREATE TABLE books (id int PRIMARY KEY, title text);"
            "CREATE TABLE orders (customer_id int, book_id int, created_at timestamp); CREATE TABLE secrets (word text);"
            "INSERT INTO customers SELECT n, 'FR' FROM generate_series(1, 9) n;"
            "INSERT INTO books SELECT n, 'Book ' || n FROM generate_series(1, 9) n;"
            "INSERT INTO orders SELECT n, n, date '2023-01-01' + n FROM generate_series(1, 9) n;"
            "CREATE ROLE reader LOGIN PASSWORD 'r3ader'; GRANT SELECT ON customers, books, orders TO reader"
        )
    engine.dispose()
    host = url.split("@")[-1]
    _, source = mapped(f"postgresql://reader:r3ader@{host}")
    assert source.read_events().num_rows == 9


def test_an_existing_file_is_kept(checkerboard_url, tmp_path, capfd):
    output = tmp_path / "towerline.yaml"
    output.write_text("seed: 7\n")
    message = mistake(capfd, "--source", checkerboard_url, "--output", str(output))
    assert "exists already" in message and "--force" in message
    assert output.read_text() == "seed: 7\n"
    assert cli.main(["init", "--source", checkerboard_url, "--output", str(output), "--force"]) == 0
    assert "table: events" in output.read_text()


@pytest.mark.parametrize("name", ["towerline.txt", "absent/towerline.yaml"])
def test_the_output_must_be_a_yaml_file(checkerboard_url, tmp_path, capfd, name):
    assert "names a .yaml file" in mistake(
        capfd, "--source", checkerboard_url, "--output", str(tmp_path / name)
    )


def test_no_such_database(tmp_path, capfd):
    assert "No such database file" in mistake(capfd, "--source", f"sqlite:///{tmp_path}/absent.db")


PURCHASES = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, country TEXT);
    CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT);
    CREATE TABLE purchases (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id),
      book_id INTEGER REFERENCES books (id), ordered_at TEXT, paid_at TEXT);
    CREATE TABLE loans (user_id INTEGER REFERENCES users (id), book_id INTEGER REFERENCES books (id), lent_at TEXT);
"""


@pytest.fixture
def library(database):
    return database(
        PURCHASES,
        users=ten(lambda n: (n, "FR")),
        books=ten(lambda n: (n, f"Book {n}")),
        purchases=ten(lambda n: (n, n, n, f"2023-01-{n:02}", f"2023-02-{n:02}")),
        loans=ten(lambda n: (n, n, f"2023-01-{n:02}")),
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("\n\n", "occurred_at: ordered_at"),
        ("1\n2\n", "occurred_at: paid_at"),
        ("x\n9\n2\n", "l.lent_at AS occurred_at"),
    ],
)
def test_interactive(library, tmp_path, monkeypatch, capfd, answers, expected):
    monkeypatch.setattr("sys.stdin", io.StringIO(answers))
    output = tmp_path / "out.yaml"
    assert cli.main(["init", "--source", library, "--output", str(output), "--interactive"]) == 0
    assert expected in output.read_text()
    assert "Which table holds the events?" in capfd.readouterr().err


def test_interactive_without_answers(library, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    output = tmp_path / "out.yaml"
    assert "leave `--interactive` out" in mistake(
        capfd, "--source", library, "--output", str(output), "--interactive"
    )
    assert not output.exists()


def test_tables_of_another_schema_are_named(empty_database, tmp_path, capfd, mapped):
    from sqlalchemy import create_engine

    url = empty_database("postgresql")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE SCHEMA sales; CREATE TABLE sales.customers (id int PRIMARY KEY, country text);"
            "CREATE TABLE sales.books (id int PRIMARY KEY, title text, words tsvector);"
            "CREATE TABLE sales.orders (customer_id int, book_id int, created_at timestamp);"
            "INSERT INTO sales.customers SELECT n, 'FR' FROM generate_series(1, 9) n;"
            "INSERT INTO sales.books SELECT n, 'Book ' || n, to_tsvector('Book ' || n) FROM generate_series(1, 9) n;"
            "INSERT INTO sales.orders SELECT n, n, date '2023-01-01' + n FROM generate_series(1, 9) n;"
        )
    engine.dispose()
    message = mistake(capfd, "--source", url, "--output", str(tmp_path / "out.yaml"))
    assert "tables in the schemas `sales`" in message and "?options=-csearch_path%3Dsales" in message
    _, source = mapped(url + "?options=-csearch_path%3Dsales")
    assert source.read_events().num_rows == 9
    assert source.columns("products") == ["product_id", "title"]


def test_json(library, tmp_path, capfd):
    assert cli.main(["init", "--source", library, "--output", str(tmp_path / "out.yaml"), "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["shop"] is None and said["tables_seen"] == 4
    assert said["evidence"]["events"][0].startswith("`purchases` (10 rows)")


def purchases(database, stamps):
    return database(
        "CREATE TABLE purchases (user_id INTEGER, product_id INTEGER, bought_at TEXT);",
        purchases=[(n % 9, n % 7, stamp) for n, stamp in enumerate(stamps)],
    )


def test_day_and_month_are_told_by_all_values_and_not_by_the_first(database, mapped):
    first = [f"{1 + n % 12:02}/{1 + n % 9:02}/2023" for n in range(250)]
    text, source = mapped(purchases(database, [*first, "12/31/2023"]))
    assert "format: '%m/%d/%Y'" in text
    assert "LOOK" not in text
    assert source.read_events()["occurred_at"].to_pylist()[-1] == 1_703_980_800


def test_day_and_month_that_no_value_tells_apart_are_to_be_looked_at(database, mapped):
    text, _ = mapped(purchases(database, [f"{1 + n % 12:02}/{1 + n // 12:02}/2023" for n in range(99)]))
    assert "format: '%d/%m/%Y'" in text
    said = " ".join(text.replace("#", "").split())
    assert "LOOK: `bought_at` is read as %d/%m/%Y; its values are as well %m/%d/%Y." in said


def test_a_table_with_a_dot_in_its_name_is_no_schema(database, mapped):
    url = database(
        'CREATE TABLE "Order.Lines" (user_id INTEGER, product_id INTEGER, bought_at TEXT);',
        **{"Order.Lines": ten(lambda n: (n, n, f"2023-01-{n:02}"))},
    )
    assert mapped(url)[1].read_events().num_rows == 10


def test_a_table_that_cannot_be_read_is_told(tmp_path, capfd):
    (tmp_path / "events.csv").write_text("user_id,product_id,occurred_at\na,p1,2023-01-02\n")
    (tmp_path / "products.csv").write_bytes("product_id,title\np1,K\u00e4se\n".encode("windows-1252"))
    output = tmp_path / "towerline.yaml"
    assert cli.main(["init", "--source", str(tmp_path), "--output", str(output)]) == 0
    said = capfd.readouterr().err
    assert "Not read: `products`" in said
    assert "line 2 is no UTF-8" in said
    assert "# NOT READ: `products`." in output.read_text()

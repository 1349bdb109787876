from __future__ import annotations

import shutil
import sqlite3

import pytest

from schema.errors import UserError
from schema.features import Kind
from schema.profiling.profile import DatabaseProfile, profile_source
from schema.source import open_source
from schema.source_settings import FeatureSettings, SourceSettings, TableMapping

NOW = 1_700_000_000


def profile(
    url, settings=None, tables=None, now=NOW, progress=lambda *_: None, events=None, **source_settings
):
    with open_source(SourceSettings(url=url, tables=tables or {}, **source_settings)) as source:
        return profile_source(source, settings or FeatureSettings(), progress, now, events)


def finding(profile, kind):
    """The only finding of a kind."""
    (found,) = [finding for finding in profile.findings if finding.kind == kind]
    return found


def kinds(profile, severity="warning"):
    return [finding.kind for finding in profile.findings if finding.severity == severity]


@pytest.fixture
def shop(checkerboard_url, tmp_path):
    """A copy of the checkerboard that a test may spoil: `shop(statement, ...)` -> URL."""
    path = tmp_path / "shop.db"
    shutil.copy(checkerboard_url.removeprefix("sqlite:///"), path)

    def change(*statements):
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return f"sqlite:///{path}"

    return change


def test_the_checkerboard(checkerboard_url):
    seen = []
    found = profile(checkerboard_url, progress=lambda *step: seen.append(step))
    assert (found.num_users, found.num_products) == (60, 24)
    assert found.event_types == {"purchase": found.num_events}
    assert {c.name: c.kind for c in found.features.products} == {
        "colour": Kind.CATEGORY,
        "title": Kind.TEXT,
        "price": Kind.NUMBER,
    }
    assert {c.name: c.kind for c in found.features.users} == {
        "colour_liked": Kind.CATEGORY,
        "age": Kind.NUMBER,
    }
    assert found.features.event_types == ("purchase",)
    assert found.has_users_table
    assert kinds(found) == kinds(found, "error") == []
    assert finding(found, "type of event: purchase").action == "weight 1 as a target"
    assert finding(found, "span").example == "2023-07-17 to 2023-11-13"
    assert seen[-1] == ("events", found.num_events, None)
    assert DatabaseProfile.from_json(found.to_json()) == found


def test_users_buy_their_colour_only(checkerboard_url):
    with open_source(SourceSettings(url=checkerboard_url)) as source:
        events = source.read_events()
    users = [int(user[1:]) % 2 for user in events["user_id"].to_pylist()]
    products = [int(product[1:]) % 2 for product in events["product_id"].to_pylist()]
    assert users == products
    assert (
        len(set(zip(events["user_id"].to_pylist(), events["product_id"].to_pylist(), strict=True))) > 60 * 4
    )


def test_ids_and_times_only(write_checkerboard, tmp_path):
    url = write_checkerboard(tmp_path / "bare.db", num_users=6, with_users=False, with_features=False)
    found = profile(url)
    assert found.features.users == found.features.products == ()
    assert not found.has_users_table
    assert found.num_users == 6
    assert "no table of users" in kinds(found, "info")


def test_rows_that_are_missing_are_a_warning(shop):
    url = shop(
        "DELETE FROM users WHERE user_id = 'u3'", "DELETE FROM products WHERE product_id IN ('p4', 'p5')"
    )
    found = profile(url)
    assert (found.num_users, found.num_products) == (60, 24)
    orphans = finding(found, "products without a row")
    assert (orphans.count, orphans.example) == (2, "'p4', 'p5'")
    assert finding(found, "users without a row").count == 1


def test_columns_never_seen_before(shop):
    url = shop(
        "ALTER TABLE events ADD COLUMN store TEXT",
        "ALTER TABLE products ADD COLUMN image TEXT",
        "UPDATE products SET image = '[1, 2, 3, 4]'",
    )
    found = profile(url)
    assert found.context_columns == ("store",)
    assert found.features.products[-1].kind is Kind.EMBEDDING
    assert found.features.products[-1].dim == 4


def test_configured_kinds_win(checkerboard_url):
    found = profile(
        checkerboard_url, FeatureSettings(products={"title": Kind.IGNORE}, users={"age": Kind.CATEGORY})
    )
    assert {c.name: c.kind for c in found.features.products}["title"] is Kind.IGNORE
    assert {c.name: c.kind for c in found.features.users}["age"] is Kind.CATEGORY
    with pytest.raises(UserError, match=r"features.products.titel.*Did you mean `title`"):
        profile(checkerboard_url, FeatureSettings(products={"titel": Kind.TEXT}))


def test_the_fingerprint_follows_the_content(shop):
    first = profile(shop()).fingerprint
    assert profile(shop("CREATE TABLE other (x)")).fingerprint == first
    changed = profile(shop("UPDATE events SET quantity = 9 WHERE rowid = 100")).fingerprint
    assert changed != first
    assert profile(shop("UPDATE products SET colour = 'pink' WHERE product_id = 'p1'")).fingerprint != changed
    mapped = TableMapping(query="SELECT user_id, product_id, occurred_at FROM events")
    assert profile(shop(), tables={"events": mapped}).fingerprint != changed


def test_an_integer_id_in_one_table_and_text_in_another(tmp_path):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("CREATE TABLE products (product_id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE events (user_id TEXT, product_id TEXT, occurred_at INTEGER)")
    connection.execute("INSERT INTO products VALUES (42), (7)")
    connection.execute("INSERT INTO events VALUES ('1', '42', 100), ('1', '7', 200)")
    connection.commit()
    found = profile(f"sqlite:///{tmp_path}/shop.db")
    assert found.num_products == 2
    assert "products without a row" not in kinds(found)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM products", "Table `products` is empty"),
        ("DELETE FROM events", "Table `events` is empty"),
        (
            "UPDATE events SET occurred_at = 'soon' WHERE rowid = 12",
            "column `occurred_at`, row 12: not a point.*'soon'",
        ),
        (
            "UPDATE events SET occurred_at = NULL WHERE rowid = 12",
            "`events`, column `occurred_at`.*1 rows.*row 12",
        ),
        ("UPDATE events SET user_id = NULL", "`events`, column `user_id`: no event has a user.*row 1: None"),
        (
            "UPDATE events SET product_id = '' WHERE rowid IN (5, 9)",
            "`events`, column `product_id`.*2 rows.*row 5",
        ),
        (
            "UPDATE products SET product_id = NULL WHERE product_id = 'p1'",
            "`products`, column `product_id`.*row 2",
        ),
        (
            "UPDATE events SET quantity = 'few' WHERE rowid = 3",
            "column `quantity`, row 3: not a number.*'few'",
        ),
        (
            "UPDATE events SET occurred_at = '2023-11-17' WHERE rowid = 7",
            "future.*1 of them; the first is row 7, 2023-11-17",
        ),
        ("UPDATE events SET occurred_at = 20240115", "`occurred_at` holds dates as YYYYMMDD.*2024-01-15"),
        ("UPDATE events SET occurred_at = 45306.5", "days since 1900, as Excel.*value - 25569"),
    ],
)
def test_bad_databases_are_one_clear_line(shop, statement, message):
    with pytest.raises(UserError, match=message) as error:
        profile(shop(statement))
    assert "\n" not in str(error.value)
    assert "Remedy" in str(error.value)


def test_an_event_of_tomorrow_is_forgiven(shop):
    stamp = NOW + 86_400
    assert profile(shop(f"UPDATE events SET occurred_at = {stamp} WHERE rowid = 1")).newest == stamp


@pytest.mark.parametrize("table", ["products", "users"])
def test_ids_that_are_there_twice(shop, table):
    column = table[:-1] + "_id"
    url = shop(
        f"CREATE TABLE copy AS SELECT * FROM {table}",
        f"INSERT INTO copy SELECT * FROM {table} WHERE {column} LIKE '_3'",
        f"DROP TABLE {table}",
        f"ALTER TABLE copy RENAME TO {table}",
    )
    with pytest.raises(
        UserError, match=rf"`{table}`, column `{column}`: ids must be unique.*1 ids.*'[pu]3' with 2"
    ):
        profile(url)


def test_users_may_be_empty(shop):
    assert finding(profile(shop("DELETE FROM users")), "users without a row").count == 60

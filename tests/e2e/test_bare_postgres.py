"""PostgreSQL, a password to be escaped, no users, no features, ids of two types: it runs all the same."""

from __future__ import annotations

import gzip
import json
import sqlite3
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.postgres]


@pytest.fixture(scope="module")
def bare_shop(postgres_url, tmp_path_factory, write_checkerboard):
    """Ids and times only; a product is a number in `products` and a text in `events`."""
    import psycopg

    path = tmp_path_factory.mktemp("bare") / "shop.db"
    write_checkerboard(path)
    rows = sqlite3.connect(path).execute("SELECT user_id, product_id, occurred_at FROM events").fetchall()
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE products (product_id integer PRIMARY KEY)")
        connection.execute("CREATE TABLE events (user_id text, product_id text, occurred_at timestamp)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO products VALUES (%s)", [(number,) for number in range(24)])
            cursor.executemany(
                "INSERT INTO events VALUES (%s, %s, %s)",
                [(user, product.removeprefix("p"), stamp) for user, product, stamp in rows],
            )
    yield postgres_url
    with psycopg.connect(postgres_url) as connection:  # other modules fill the same server
        connection.execute("DROP TABLE products, events")


@pytest.fixture(scope="module")
def bare_run(bare_shop, run_towerline, small, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("bare-work") / "work"
    done = run_towerline(
        *("run", "--workdir", workdir, "--source", bare_shop, "--config", small, "--set", "refit=false")
    )
    assert done.code == 0, done.out + done.err
    return workdir, done


def test_it_is_pushed(bare_run):
    _, done = bare_run
    assert "no feature columns: ids and times only" in done.out
    assert "no table of users" in done.out and "only the events of users are known" in done.out
    assert set(done.outcomes().values()) == {"ran"}
    assert not [node for node in done.outcomes() if "Refit" in node]
    assert "Blessed and pushed:" in done.out


def test_the_password_is_nowhere_but_in_source_json(bare_run, bare_shop):
    workdir, done = bare_run
    quoted = urlsplit(bare_shop).netloc.split(":")[1].split("@")[0]
    secrets = {quoted, unquote(quoted), json.dumps(quoted).strip('"')}
    holders = set()
    for path in filter(Path.is_file, workdir.rglob("*")):
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        if any(secret.encode() in content for secret in secrets):
            holders.add(path.name)
    assert holders == {"source.json"}
    assert (workdir / "source.json").stat().st_mode & 0o777 == 0o600
    rows = "\n".join(sqlite3.connect(workdir / "metadata.db").iterdump())
    assert "postgresql://towerline:***@" in rows
    assert not any(secret in rows or secret in done.out + done.err for secret in secrets)


def test_recommendations_are_read_live_from_the_server(bare_run, run_towerline):
    workdir, _ = bare_run
    done = run_towerline("recommend", "--workdir", workdir, "--user", "u7", "--top-k", 6, "--json")
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert answer["known_user"]
    products = [int(item["product_id"]) for item in answer["items"]]
    assert len(set(products)) == 6
    assert sum(product % 2 == 1 for product in products) >= 5  # u7 is of the odd colour

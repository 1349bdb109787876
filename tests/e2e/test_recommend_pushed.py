"""Answers of a model that a whole run has pushed: the right colour first, every id byte for byte."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.e2e

NUM_PRODUCTS = 24
STRANGERS = ["stranger", "0", "Ωmega '\"%s", "u0 "]


@pytest.fixture(scope="module")
def lists(first, run_towerline, workdir, tmp_path_factory, colours):
    """User -> rows of the whole catalogue, best first, for every user that fits on a line, and strangers."""
    folder = tmp_path_factory.mktemp("batch")
    ids = [user for user in colours["users"] if "\n" not in user] + STRANGERS
    (folder / "ids.txt").write_text("\n".join([*ids, "", ids[0]]) + "\n", encoding="utf-8")
    output = folder / "lists.parquet"
    done = run_towerline(
        *("recommend", "--workdir", workdir, "--users", folder / "ids.txt"),
        *("--top-k", NUM_PRODUCTS, "--output", output),
    )
    assert done.code == 0, done.err
    table = pq.read_table(output)
    assert table.column_names == ["user_id", "rank", "product_id", "score", "source"]
    found = defaultdict(list)
    for row in table.to_pylist():
        found[row["user_id"]].append(row)
    assert list(found) == ids
    return found


@pytest.fixture(scope="module")
def purchased(shop):
    found = defaultdict(set)
    for user, product in sqlite3.connect(shop).execute("SELECT user_id, product_id FROM events"):
        found[user].add(product.strip())
    return found


def test_everybody_gets_k_rows_of_known_products(lists, colours):
    for user, rows in lists.items():
        assert [row["rank"] for row in rows] == list(range(1, NUM_PRODUCTS + 1)), user
        assert {row["product_id"] for row in rows} == set(colours["products"]), user
        scores = [row["score"] for row in rows]
        assert scores == sorted(scores, reverse=True), user


def test_the_first_ten_are_of_the_users_colour(lists, colours):
    right = {
        user: sum(colours["products"][row["product_id"]] == colours["users"][user] for row in rows[:10])
        for user, rows in lists.items()
        if user in colours["users"]
    }
    assert sum(count == 10 for count in right.values()) >= 0.95 * len(right), right


def test_new_products_of_the_colour_come_before_any_of_the_other(lists, colours, purchased):
    """They were never in the user's history: only content and neighbours can tell."""
    in_order = total = 0
    for user, rows in lists.items():
        if user not in colours["users"]:
            continue
        places = {row["product_id"]: row["rank"] for row in rows if row["product_id"] not in purchased[user]}
        own = [rank for name, rank in places.items() if colours["products"][name] == colours["users"][user]]
        other = [rank for name, rank in places.items() if colours["products"][name] != colours["users"][user]]
        if own:
            total += 1
            in_order += max(own) < min(other)
    assert total >= 20
    assert in_order >= 0.9 * total, f"{in_order} of {total}"


def test_purchased_products_are_left_out_on_request(
    first, run_towerline, workdir, tmp_path, colours, purchased
):
    (tmp_path / "ids.txt").write_text("u5\nu8\nstranger\n")
    output = tmp_path / "new.parquet"
    done = run_towerline(
        *("recommend", "--workdir", workdir, "--users", tmp_path / "ids.txt"),
        *("--top-k", 10, "--output", output, "--exclude-purchased"),
    )
    assert done.code == 0, done.err
    rows = pq.read_table(output).to_pylist()
    assert [row["user_id"] for row in rows] == ["u5"] * 10 + ["u8"] * 10 + ["stranger"] * 10
    assert not any(row["product_id"] in purchased[row["user_id"]] for row in rows)


def test_one_user_with_an_odd_id_and_no_tfx(first, workdir, odd_users, purchased):
    user = odd_users["u4"]
    code = (
        "import sys; from pipeline.cli import main; code = main(sys.argv[1:]); "
        "sys.exit(90 if {'tfx', 'apache_beam', 'ml_metadata'} & set(sys.modules) else code)"
    )
    arguments = ["recommend", "--workdir", workdir, "--user", user, "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["user_id"], answer["known_user"], len(answer["items"])) == (user, True, 10)
    best = answer["items"][0]
    assert {"rank", "product_id", "score", "source", "reason", "scores", "propensity"} == set(best)
    own = [item for item in answer["items"] if item["product_id"] in purchased[user]]
    assert own and all("bought" in item["reason"] for item in own)


def test_an_unknown_user_is_told_to_be_unknown(first, run_towerline, workdir):
    done = run_towerline("recommend", "--workdir", workdir, "--user", "nobody", "--top-k", 3, "--json")
    answer = json.loads(done.out)
    assert (answer["known_user"], len(answer["items"])) == (False, 3)
    assert done.err == ""

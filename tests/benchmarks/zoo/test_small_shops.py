"""Small versions of the zoo's shops go through the whole pipeline with its defaults.

Two of them do so in every run of the tests; `pytest -m nightly` takes all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.zoo.benchmark import write_shop
from benchmarks.zoo.recipes import ZOO
from benchmarks.zoo.report import Result, result_of

ROOT = Path(__file__).parents[3]
USERS, PRODUCTS, GROUPS = 400, 300, 12
OFTEN = ("grocery", "popularity")


def small(name):
    """The recipe with fewer users and products, who come as often."""
    recipe = ZOO[name].recipe
    users = min(recipe.users, USERS)
    return replace(
        recipe,
        users=users,
        products=min(recipe.products, PRODUCTS),
        groups=min(recipe.groups, GROUPS),
        visits=max(1, round(recipe.visits * users / recipe.users)),
    )


def run(name, folder) -> tuple[Result, dict]:
    database = folder / "shop.db"
    write_shop(small(name), database, seed=42)
    command = [sys.executable, "-m", "pipeline", "run", "--json", "--source", f"sqlite:///{database}"]
    command += ["--workdir", str(folder / "work"), "--set", "refit=false", "--set", "seed=42"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    printed = json.loads(done.stdout)
    return result_of(name, printed, printed["seconds"]), printed


@pytest.mark.e2e
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in OFTEN else (pytest.mark.nightly,)) for name in ZOO],
)
def test_no_shop_is_served_what_is_clearly_below_its_best_classic(name, tmp_path):
    result, printed = run(name, tmp_path)
    assert result.questions and printed["metrics"]["num_queries"] >= 30
    if result.blessed:
        for comparison in result.questions.values():
            assert comparison.high >= 0, comparison
    else:
        assert result.refusals and printed["pushed"] is None
    if name == "popularity":
        systems = printed["metrics"]["systems"]
        ours, popularity = (systems[system]["ndcg@10"]["mean"] for system in ("towerline", "popularity"))
        assert ours == pytest.approx(popularity, rel=0.05)
    if name == "grocery":
        assert result.questions["new"].low > 0  # of the liked groups counting knows nothing

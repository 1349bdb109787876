"""What CONTRIBUTING says how to add can be added so: done in a copy of the sources, and seen to work."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipeline", "serving", "benchmarks", "components", "transform", "trainer", "schema")
MOST_FILES = 4


RANKER = """
from trainer.ranking.rankers.base import PAIR_FEATURES, Ranker


class LinearRanker(Ranker):
    \"\"\"The features as they are.\"\"\"

    def call(self, inputs, training=False):
        return inputs[PAIR_FEATURES]
"""

BASELINE = """
from dataclasses import dataclass

import numpy as np

from components.evaluation.baselines.ranking import rank_by_scores


@dataclass(frozen=True)
class ByCode:
    \"\"\"Products by falling code.\"\"\"

    popularity: object
    settings = {}

    def recommend(self, eval_set, top_k):
        codes = np.arange(len(eval_set.past.recommendable), dtype=np.float32) + 1
        return rank_by_scores(
            lambda start, end: np.tile(codes, (end - start, 1)), eval_set, top_k, self.popularity
        )
"""

HOURS = """    HistoryField(
        column="hour",
        raw="history_hour",
        transformed="history_hour",
        dense="history_hour",
        of_query="hours",
        is_text=False,
        is_real=False,
        padding=0,
    ),
"""

LAST = """        for rule_index, _ in self._each("last"):
            scores -= 100.0 * spread * tf.cast(self.named(rule_index, index, inputs), tf.float32)
"""

ADDITIONS: dict[str, dict[str, str | list[tuple[str, str]]]] = {
    "a ranker": {
        "trainer/ranking/rankers/linear.py": RANKER,
        "trainer/ranking/rankers/__init__.py": [
            ("from trainer.ranking.rankers.mlp", "from trainer.ranking.rankers.linear import LinearRanker\n"),
            ('    "mlp": DeepRanker', '    "linear": LinearRanker,\n'),
        ],
        "trainer/settings.py": [('"mlp", "ncf"] = "dcn"', '"linear", ')],
    },
    "a classical baseline": {
        "components/evaluation/baselines/by_code.py": BASELINE,
        "components/evaluation/baselines/registry.py": [
            (
                "from components.evaluation.baselines.ease",
                "from components.evaluation.baselines.by_code import ByCode\n",
            ),
            ('        "als": lambda', '        "by_code": lambda: [ByCode(popularity)],\n'),
        ],
        "components/settings.py": [('    "bpr",\n]', '    "by_code",\n')],
    },
    "a gate on the data": {
        "components/settings.py": [
            ("    max_orphans: Share", '    min_events: int = 0\n    """Minimum number of events."""\n')
        ],
        "components/interaction_validator/event_checks.py": [
            (
                "\n\n_DAYS_AROUND",
                "\n\ndef _volume(facts: EventFacts, gates: GateSettings) -> Verdict:\n"
                '    sentence = f"{facts.num_events} events (at least {gates.min_events})."\n'
                "    passed = facts.num_events >= gates.min_events\n"
                '    return Verdict("min_events", passed, facts.num_events, gates.min_events, sentence)\n',
            ),
            ("        *check_volume(", "        _volume(facts, gates),\n"),
        ],
    },
    "a gate on the model": {
        "components/settings.py": [
            ("    min_coverage: Share", '    min_recall: Share = 0.0\n    """Floor of recall@10."""\n')
        ],
        "components/evaluation/gates.py": [
            (
                '        _floor("min_coverage"',
                '        _floor("min_recall", "Recall@10", ours["recall@10"], settings.min_recall),\n',
            )
        ],
    },
    "a kind of rule": {
        "schema/rules.py": [('    "never": {', '    "last": {"where"},\n'), ('"never"]', '"last", ')],
        "components/recommender/post_ranking/post_ranker.py": [
            ("        return scores\n\n    def forbidden", LAST)
        ],
    },
    "a candidate source": {
        "schema/served/sources.py": [
            (
                ')\n"""In the order',
                '    Source("all_time", "what sold most", "a classic of the shop"),\n',
            )
        ],
        "components/candidate_indexer/snapshots.py": [
            ("        new_products=new_products,", "        all_time=np.argsort(-statistics[:, 6])[:5],\n")
        ],
        "components/recommender/candidates/tables.py": [
            ("    new_products: np.ndarray", "    all_time: np.ndarray\n")
        ],
        "components/recommender/candidates/sources.py": [
            (
                "        reserved = np.isin(",
                "        self.all_time = frozen(snapshot.all_time, tf.int64)\n",
            ),
            (
                "        if self.new_products:\n            new =",
                '        number = SOURCE_NAMES.index("all_time")\n'
                "        lists.append(same_for_all(self.all_time, 5, number, batch))\n",
            ),
        ],
    },
    "an event feature": {
        "schema/fields.py": [(")\nRAW: Final", HOURS)],
        "schema/served/request.py": [
            ("    features: Mapping[str, Any] =", "    hours: Sequence[int] = ()\n")
        ],
        "trainer/ranking/affinity.py": [
            (
                "        totals = self._totals(history, candidates",
                '        at_night = tf.cast(inputs["history_hour"] >= 22, tf.float32)[..., tf.newaxis]\n'
                "        weights *= 1.0 - at_night\n",
            )
        ],
    },
}
"""Addition -> file -> what is put before a text that stands in it, or the whole of a new file."""


@pytest.fixture(scope="module")
def named() -> dict[str, list[str]]:
    """Addition -> the files and folders that CONTRIBUTING names before it says what else there may be."""
    rows = re.findall(r"^\| (an? [^|]+?) \| ([^|;]+)", (ROOT / "CONTRIBUTING.md").read_text(), re.M)
    return {name: re.findall(r"`(\w+/[\w./]+)`", files) for name, files in rows}


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> dict[str, str | None]:
    """Addition -> what goes wrong in a tree that has all of them."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("result")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    for files in ADDITIONS.values():
        for path, change in files.items():
            (tree / path).write_text(changed(tree / path, change))
    environment = {**os.environ, "PYTHONPATH": f"{tree}:{ROOT / 'tests'}"}
    command = [sys.executable, ROOT / "tests" / "check_additions.py", folder]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "result.json").read_text())


def changed(path: Path, change: str | list[tuple[str, str]]) -> str:
    """A new file, or one with each text put before what it is to stand before."""
    if isinstance(change, str):
        assert not path.exists(), path
        return change
    text = path.read_text()
    for place, added in change:
        assert text.count(place) == 1, f"{path}: {place!r} stands there {text.count(place)} times"
        text = text.replace(place, added + place)
    return text


@pytest.mark.parametrize("addition", ADDITIONS)
def test_it_works(result, addition):
    assert result[addition] is None, result[addition]


@pytest.mark.parametrize("addition", ADDITIONS)
def test_it_takes_the_files_that_are_named(named, addition):
    files = {path if (ROOT / path).exists() else f"{Path(path).parent}/" for path in ADDITIONS[addition]}
    assert files <= set(named[addition])
    assert len(named[addition]) <= MOST_FILES

"""The kernel and the session give the same lists, and who answers is told."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest

from schema import names
from schema.request import Query, encode_queries
from serving.model.executors import KERNEL, SESSION
from serving.model.pushed_model import RECOMMENDING, PushedModel

NOW = 1_700_000_000


@pytest.fixture(scope="module")
def pushed(assemble_plain, built_kernel):
    """A model in whose post-ranking is all that the kernel covers."""
    settings = {"new_product_share": 0.1, "popularity_discount": 0.05, "diversity": 0.3}
    return assemble_plain(**settings, exclude_purchased="7d").folder.parent


@pytest.fixture(scope="module")
def pushed_with_sets(assemble, built_kernel):
    """The same of a shop whose products and users have sets and paths."""
    return assemble(diversity=0.3).folder.parent


@pytest.fixture(scope="module")
def executors(pushed):
    return [PushedModel(pushed, one_thread=True, kernel=kernel) for kernel in (True, False)]


def queries(plain_shop):
    """Users of the shop with their histories, and some with odd ones."""
    rows = plain_shop.rows["test"]
    known = [
        Query(
            row["user_id"][0].decode(),
            NOW + 1,
            [product.decode() for product in row["history_product_id"]],
            row["history_time"],
            [kind.decode() for kind in row["history_event_type"]],
            {"town": "Ulm", "age": 30.0},
        )
        for row in rows
        if row.get("history_product_id")
    ]
    products = plain_shop.product_ids
    odd = [
        Query("nobody", NOW, ["unknown", products[0]], [NOW - 50, NOW - 9], ["purchase", "visit"]),
        Query("nobody", NOW, [products[3]], [NOW + 100], ["view"]),
        Query(
            "nobody", NOW, products[:20] * 3, [NOW - 5000 + n for n in range(60)], ["view", "purchase"] * 30
        ),
    ]
    return known + odd


def answers(model, query, top_k, exclude, diversity):
    inputs = {
        **encode_queries(model.features, [query], model.history_length),
        names.TOP_K: top_k,
        names.EXCLUDE_PURCHASED: exclude,
        names.DIVERSITY: diversity,
    }
    return model.answer(names.RECOMMEND_DIVERSE, inputs)


@pytest.mark.parametrize(
    ("top_k", "exclude", "diversity"), [(5, False, 0.0), (10, True, 0.3), (40, False, 1.0), (1, True, 0.0)]
)
def test_lists_are_equal(plain_shop, executors, top_k, exclude, diversity):
    kernel, _ = executors
    asked = queries(plain_shop)
    assert kernel.executors.kernel is not None, kernel.executors.without_kernel
    answered = Counter()
    kernel.executors.on_answer = lambda who, count: answered.update({who: count})
    for query in asked:
        found, expected = (answers(model, query, top_k, exclude, diversity) for model in executors)
        assert set(found) == set(expected)
        for name, values in expected.items():
            assert found[name].shape == values.shape and found[name].dtype == values.dtype, name
            if values.dtype == object or values.dtype.kind == "i":
                assert found[name].tolist() == values.tolist(), (query.user_id, name)
            else:
                assert np.allclose(found[name], values, atol=1e-5, rtol=1e-5, equal_nan=True), name
    assert answered == {KERNEL: len(asked)}


@pytest.mark.parametrize("diversity", [0.0, 0.5, 1.0])
def test_lists_of_products_with_sets_are_equal(trained_shop, pushed_with_sets, diversity):
    kernel, session = (
        PushedModel(pushed_with_sets, one_thread=True, kernel=kernel) for kernel in (True, False)
    )
    assert kernel.executors.kernel is not None, kernel.executors.without_kernel
    assert {column.name for column in kernel.features.products if column.has_members} == {"labels", "aisle"}
    for query in queries(trained_shop):
        found, expected = (answers(model, query, 20, False, diversity) for model in (kernel, session))
        for name, values in expected.items():
            if values.dtype == object or values.dtype.kind == "i":
                assert found[name].tolist() == values.tolist(), (query.user_id, name)
            else:
                assert np.allclose(found[name], values, atol=1e-5, rtol=1e-5, equal_nan=True), name


def test_batches_go_to_both(plain_shop, executors):
    kernel, _ = executors
    asked = [Query("stranger", NOW), *queries(plain_shop)[:3], Query("other", NOW)]
    answered = Counter()
    kernel.executors.on_answer = lambda who, count: answered.update({who: count})
    lists = [model.recommend(asked, 5, False) for model in executors]
    assert [[item["product_id"] for item in found] for found in lists[0]] == [
        [item["product_id"] for item in found] for found in lists[1]
    ]
    assert answered == {KERNEL: 3, SESSION: 2}


def test_what_is_hidden_is_hidden_in_both(plain_shop, pushed):
    models = [PushedModel(pushed, one_thread=True, kernel=kernel) for kernel in (True, False)]
    hidden = np.arange(models[0].num_products) % 3 == 0
    for model in models:
        model.hide(hidden)
    gone = set(np.array(models[0].catalogue.product_ids.to_pylist())[hidden])
    for query in queries(plain_shop)[:6]:
        found, expected = (model.recommend([query], 10, False)[0] for model in models)
        assert [item["product_id"] for item in found] == [item["product_id"] for item in expected]
        assert not gone & {item["product_id"] for item in found}


def test_rules_are_left_to_the_session(assemble_plain):
    rules = [{"action": "never", "where": {"colour": "red"}}]
    model = assemble_plain(rules=rules)
    assert (
        model.executors.kernel is None and model.executors.without_kernel == "the kernel does not cover rules"
    )


def test_damaged_tables_are_left_to_the_session(pushed, plain_shop, tmp_path):
    folder = tmp_path / "1"
    shutil.copytree(next(pushed.iterdir()), folder)
    path = folder / names.KERNEL / "kernel.json"
    described = json.loads(path.read_text())
    described["features"]["candidate_features"][0] = "other"
    path.write_text(json.dumps(described))
    model = PushedModel(tmp_path)
    assert model.executors.kernel is None and "other candidate_features" in model.executors.without_kernel
    assert model.recommend(queries(plain_shop)[:1], 5, False)[0]


def test_it_can_be_switched_off(pushed):
    model = PushedModel(pushed, kernel=False)
    assert model.executors.kernel is None and model.executors.without_kernel == "the kernel is switched off"


def test_no_tensorflow_is_needed_to_open_it(pushed):
    import subprocess
    import sys

    program = (
        "import sys; from pathlib import Path; from serving.model.pushed_model import PushedModel; "
        f"assert PushedModel(Path({str(pushed)!r})).executors.kernel; assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_model_loaded_for_lists_alone_gives_the_same(pushed, executors, plain_shop):
    # The kernel asks the session for the vectors, and leaves the user without events to it.
    model = PushedModel(pushed, one_thread=True, only=RECOMMENDING)
    for query in [*queries(plain_shop)[:3], Query("nobody", NOW)]:
        assert model.recommend([query], 10, False) == executors[0].recommend([query], 10, False)
    assert set(model.signatures) == set(executors[0].signatures)

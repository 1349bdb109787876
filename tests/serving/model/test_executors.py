"""The kernel and the session give the same lists, and who answers is told."""

import json
import shutil
from collections import Counter

import numpy as np
import pytest

from components.recommender.cold_start import segments
from schema import names
from schema.served.request import Query, encode_queries
from serving.model.executors import KERNEL, KERNEL_AND_FINISH, SESSION
from serving.model.pushed_model import RECOMMENDING, PushedModel
from serving.model.session import SessionNotLoadedError

NOW = 1_700_000_000


@pytest.fixture(scope="module")
def pushed(assemble_plain, built_kernel):
    """A model in whose post-ranking is all that the kernel covers."""
    settings = {"new_product_share": 0.1, "popularity_discount": 0.05, "diversity": 0.3}
    return assemble_plain(**settings, exclude_purchased="7d").folder.parent


@pytest.fixture(scope="module")
def pushed_with_sets(assemble, built_kernel):
    """The same of a shop whose products and users have sets and paths, in which nothing comes back."""
    return assemble(diversity=0.3, exclude_purchased="always").folder.parent


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
    assert_equal(executors, queries(plain_shop), top_k, exclude, diversity)


@pytest.fixture(scope="module")
def cold_folders(assemble_plain, built_kernel):
    """Versions that order for users without history by segments of six users at least, and by the ranker."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "_MIN_USERS", 6)
        settings = {"new_product_share": 0.1, "popularity_discount": 0.05}
        return {name: assemble_plain(**settings, cold_start=name).folder for name in ("segment", "model")}


COLD = [
    Query("", NOW),
    Query("u3", NOW + 5),
    *(Query("new", NOW, features={"town": town, "age": 20.0}) for town in ("Ulm", "Köln", "Bonn", "Rome")),
    Query("new", NOW, ["unknown"] * 3, [NOW - 900, NOW - 50, NOW + 9], ["purchase", "view", "visit"]),
]
"""Users without a known product in their history."""


@pytest.mark.parametrize(("top_k", "diversity"), [(10, 0.0), (40, 0.4), (3, 1.0)])
@pytest.mark.parametrize("cold_start", ["segment", "model"])
def test_lists_of_users_without_history_are_equal(cold_folders, cold_start, top_k, diversity):
    folder = cold_folders[cold_start]
    both = [PushedModel(folder.parent, one_thread=True, kernel=kernel) for kernel in (True, False)]
    assert both[0].executors.kernel.covers_cold_users
    assert_equal(both, COLD, top_k, False, diversity)
    hidden = np.arange(both[0].num_products) % 4 == 0
    for model in both:
        model.hide(hidden)
    assert_equal(both, COLD, top_k, False, diversity)


def assert_equal(executors, asked, top_k, exclude, diversity):
    kernel, _ = executors
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
    # A list that still has a hidden product, as the whole of a small catalogue may, is asked for once more.
    who = KERNEL_AND_FINISH if kernel.executors.kernel.only_ranks else KERNEL
    assert set(answered) == {who} and answered[who] >= len(asked)


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
    odd = Query("odd", NOW, ["", plain_shop.product_ids[0]], [NOW - 50, NOW - 9], ["purchase", "purchase"])
    asked = [odd, *queries(plain_shop)[:3], odd]  # an event without a product is the session's
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


@pytest.fixture(scope="module")
def ruled(with_rules):
    """A version with rules by both executors."""
    return [PushedModel(with_rules.parent, one_thread=True, kernel=kernel) for kernel in (True, False)]


@pytest.mark.parametrize(
    ("top_k", "exclude", "diversity"), [(5, False, 0.0), (10, True, 0.3), (40, False, 1.0)]
)
def test_lists_with_rules_are_equal(plain_shop, ruled, top_k, exclude, diversity):
    assert_equal(ruled, [*queries(plain_shop), *COLD], top_k, exclude, diversity)
    assert {item["source"] for item in ruled[0].recommend(COLD[:1], 5, False)[0]} >= {"rule"}


def test_what_is_hidden_is_hidden_with_rules(plain_shop, with_rules):
    both = [PushedModel(with_rules.parent, one_thread=True, kernel=kernel) for kernel in (True, False)]
    hidden = np.arange(both[0].num_products) % 3 == 0
    for model in both:
        model.hide(hidden)
    assert_equal(both, [*queries(plain_shop)[:6], *COLD[:3]], 10, False, 0.3)


def test_batches_with_rules_go_to_both(plain_shop, ruled):
    odd = Query("odd", NOW, ["", plain_shop.product_ids[0]], [NOW - 50, NOW - 9], ["purchase", "purchase"])
    asked = [odd, *queries(plain_shop)[:3], COLD[0]]
    answered = Counter()
    ruled[0].executors.on_answer = lambda who, count: answered.update({who: count})
    lists = [
        [[item["product_id"] for item in found] for found in m.recommend(asked, 5, False)] for m in ruled
    ]
    assert lists[0] == lists[1] and answered == {KERNEL_AND_FINISH: 4, SESSION: 1}


def test_lists_with_rules_need_one_signature_of_the_session(plain_shop, ruled, with_rules):
    for behind in (True, False):
        model = PushedModel(with_rules.parent, one_thread=True, only=RECOMMENDING, behind=behind)
        assert not model.starts_alone and model.executors.needs_session
        assert "signature `finish`" in model.executors.needs_session_for
    asked = [queries(plain_shop)[0], COLD[0]]
    assert model.recommend(asked, 10, False) == ruled[0].recommend(asked, 10, False)
    assert next(iter(model.signatures)) == names.FINISH


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


def test_no_tensorflow_is_needed_for_its_lists(pushed, plain_shop):
    import subprocess
    import sys

    program = (
        "import sys; from pathlib import Path; import numpy as np; from schema.served.request import Query; "
        "from serving.model.pushed_model import PushedModel; "
        f"model = PushedModel(Path({str(pushed)!r})); model.hide(np.arange(model.num_products) == 2); "
        f"queries = [Query('', 1), Query('u', 9, [{plain_shop.product_ids[3]!r}], [5], ['view'])]; "
        "assert all(model.recommend(queries, 5, True)) and 'similar' in model.session.names; "
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(scope="module")
def without_tower(pushed, tmp_path_factory):
    """The version without the tables of the query tower: the kernel asks the session for the vectors."""
    directory = tmp_path_factory.mktemp("without_tower")
    shutil.copytree(next(pushed.iterdir()), directory / "1")
    path = directory / "1" / names.KERNEL / "kernel.json"
    described = json.loads(path.read_text())
    described["settings"]["tower_events"] = 0
    path.write_text(json.dumps(described))
    return directory


def test_lists_are_equal_by_vectors_of_the_session(without_tower, executors, plain_shop):
    model = PushedModel(without_tower, one_thread=True)
    assert model.executors.called == (names.EMBED_QUERIES,)
    assert_equal([model, executors[1]], [*queries(plain_shop)[:4], *COLD], 10, False, 0.3)


@pytest.mark.parametrize("behind", [True, False])
def test_the_kernel_starts_alone_where_it_answers_everybody(without_tower, pushed, behind):
    alone, helped = (PushedModel(directory, behind=behind) for directory in (pushed, without_tower))
    assert alone.starts_alone is behind and not helped.starts_alone
    assert helped.executors.needs_session_for == "the session makes the vectors of its queries"
    assert alone.executors.needs_session_for == "" and not alone.session.is_loaded


def test_tables_of_the_first_format_need_the_session_for_users_without_history(pushed, executors, tmp_path):
    shutil.copytree(next(pushed.iterdir()), tmp_path / "1")
    path = tmp_path / "1" / names.KERNEL / "kernel.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1, "segments": None}))
    model = PushedModel(tmp_path, one_thread=True)
    assert "users without history" in model.executors.needs_session_for
    answered = Counter()
    model.executors.on_answer = lambda who, count: answered.update({who: count})
    assert model.recommend(COLD[:2], 5, False) == executors[1].recommend(COLD[:2], 5, False)
    assert answered == {SESSION: 2}


def test_who_needs_the_session_is_told_when_it_is_there(pushed, executors):
    model = PushedModel(pushed, one_thread=True, behind=True)
    known = executors[0].recommend([COLD[0]], 1, False)[0][0]["product_id"]
    with pytest.raises(SessionNotLoadedError) as told:
        model.similar(known, 5, 0.5)
    told.value.loaded.result(600)
    assert model.similar(known, 5, 0.5) == executors[0].similar(known, 5, 0.5)


def test_a_model_loaded_for_lists_alone_gives_the_same(pushed, executors, plain_shop):
    model = PushedModel(pushed, one_thread=True, only=RECOMMENDING)
    for query in [*queries(plain_shop)[:3], Query("nobody", NOW)]:
        assert model.recommend([query], 10, False) == executors[0].recommend([query], 10, False)
    assert set(model.signatures) == set(executors[0].signatures)

"""What the served model answers is what transform, towers, sources and ranker give one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.candidates.preranker import load_preranker
from components.recommender.candidates.sources import SOURCE_NAMES, CandidateSources
from components.recommender.candidates.tables import load_tables
from schema import names
from schema.served.request import Query, encode_queries
from schema.tensors.transformed import dense_query, query_spec, read_rows

TOP_K = 10
EVERYTHING = 1000


@pytest.fixture(scope="module")
def served(trained_shop):
    return tf.saved_model.load(trained_shop.model)


def queries_of(shop):
    """The raw rows of the test split as a client would ask."""
    found = []
    for row in shop.rows["test"]:
        features = {
            column.name: _value(row.get(f"user__{column.name}", []), column)
            for column in shop.plan.features.users
        }
        found.append(
            Query(
                user_id=row["user_id"][0].decode(),
                query_time=row["query_time"][0],
                product_ids=[item.decode() for item in row.get("history_product_id", [])],
                times=list(row.get("history_time", [])),
                event_types=[item.decode() for item in row.get("history_event_type", [])],
                features=features,
            )
        )
    return found


def _value(values, column):
    found = [value.decode() if isinstance(value, bytes) else value for value in values]
    if column.has_members:
        return found
    return found[0] if found else None


def recommend(model, shop, queries, top_k=TOP_K, exclude=False):
    inputs = encode_queries(shop.plan.features, queries, shop.plan.config.split.history_length)
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    outputs = model.signatures["recommend"](
        **tensors, top_k=tf.constant(top_k, tf.int64), exclude_purchased=tf.constant(exclude)
    )
    return {name: value.numpy() for name, value in outputs.items()}


def ids(outputs):
    return [[text.decode() for text in row] for row in outputs["product_id"]]


@pytest.fixture(scope="module")
def answers(served, trained_shop):
    return recommend(served, trained_shop, queries_of(trained_shop), EVERYTHING)


@pytest.fixture(scope="module")
def offline(trained_shop):
    """Candidates and scores of the rows that Beam transformed, by the models one after the other."""
    shop = trained_shop
    retrieval, ranking = tf.saved_model.load(shop.retrieval), tf.saved_model.load(shop.ranking)
    tables = load_tables(shop.directory / "index", shop.plan.windows.test_start)
    sources = CandidateSources(
        tables,
        shop.plan.config.ranking.num_candidates,
        shop.plan.windows.window / names.SECONDS_PER_DAY,
        load_preranker(shop.directory / "preranker"),
        shop.plan.config.preranking.pool_size,
    )
    pattern = str(shop.directory / "transformed" / "Split-test" / "*")
    (rows,) = read_rows([pattern], query_spec(shop.plan.features), 1000)
    split = shop.plan.config.split
    query = dense_query(rows, shop.plan.features, split.history_length)
    recent = dense_query(rows, shop.plan.features, split.retrieval_history_length)
    query["query_embedding"] = retrieval.signatures["serving_default"](**recent)["query_embedding"]
    found = sources(
        query["query_embedding"], query["history_index"], query["history_age"], query["user_index"]
    )
    pairs = {name: found[name] for name in ("candidate_index", "candidate_features")}
    scores = ranking.signatures["rank"](**query, **pairs)["scores"].numpy()
    shown = shop.transform.vocabulary_by_name("product_id")
    vocabulary = [entry.decode().replace("␤", "\n").replace("␍", "\r") for entry in shown]
    return {
        "users": [text.decode() for text in rows["user_id"].numpy()],
        "ids": [[vocabulary[p] for p in row] for row in found["candidate_index"].numpy()],
        "scores": scores,
    }


def test_raw_requests_get_what_the_models_give_in_memory(trained_shop, answers, offline):
    row_of = {query.user_id: row for row, query in enumerate(queries_of(trained_shop))}
    assert len(offline["users"]) > 20
    for user, products, scores in zip(offline["users"], offline["ids"], offline["scores"], strict=True):
        served = dict(zip(ids(answers)[row_of[user]], answers["score"][row_of[user]], strict=True))
        expected = {p: s for p, s in zip(products, scores, strict=True) if p not in trained_shop.hidden}
        assert {p: served[p] for p in expected} == pytest.approx(expected, abs=1e-4)


def test_candidates_are_in_the_order_of_the_rankers_scores(trained_shop, answers, offline):
    row_of = {query.user_id: row for row, query in enumerate(queries_of(trained_shop))}
    for user, products, scores in zip(offline["users"], offline["ids"], offline["scores"], strict=True):
        order = [
            products[place] for place in np.argsort(-scores) if products[place] not in trained_shop.hidden
        ]
        assert ids(answers)[row_of[user]][: len(order)] == order


def test_a_fresh_process_gives_the_same(trained_shop, answers, tmp_path):
    """Without any code of ours: TensorFlow alone loads the model and answers."""
    queries = queries_of(trained_shop)[:8]
    inputs = encode_queries(
        trained_shop.plan.features, queries, trained_shop.plan.config.split.history_length
    )
    as_lists = {
        name: [[i.decode() for i in np.atleast_1d(row)] for row in value]
        if value.dtype == object
        else value.tolist()
        for name, value in inputs.items()
    }
    (tmp_path / "request.json").write_text(json.dumps(as_lists))
    script = (
        "import json, sys, tensorflow as tf\n"
        "model = tf.saved_model.load(sys.argv[1]); f = model.signatures['recommend']\n"
        "given = json.load(open(sys.argv[2])); specs = f.structured_input_signature[1]\n"
        "def make(n, v):\n"
        "    shape = [len(v)] + [-1] * (specs[n].shape.rank - 1)\n"
        "    return tf.reshape(tf.constant(v, specs[n].dtype), shape)\n"
        "out = f(**{n: make(n, v) for n, v in given.items()}, top_k=tf.constant(10, tf.int64), "
        "exclude_purchased=tf.constant(False))\n"
        "ids = [[i.decode() for i in row] for row in out['product_id'].numpy()]\n"
        "json.dump({'ids': ids, 'scores': out['score'].numpy().tolist()}, open(sys.argv[3], 'w'))\n"
    )
    target = tmp_path / "answer.json"
    subprocess.run(
        [sys.executable, "-c", script, trained_shop.model, str(tmp_path / "request.json"), str(target)],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )
    answer = json.loads(target.read_text())
    assert answer["ids"] == [row[:TOP_K] for row in ids(answers)[:8]]
    np.testing.assert_allclose(answer["scores"], answers["score"][:8, :TOP_K], atol=1e-4)


def test_a_shuffled_batch_gives_the_same(served, trained_shop, answers):
    queries = queries_of(trained_shop)
    order = np.random.default_rng(0).permutation(len(queries))
    shuffled = recommend(served, trained_shop, [queries[place] for place in order], EVERYTHING)
    assert ids(shuffled) == [ids(answers)[place] for place in order]
    np.testing.assert_allclose(shuffled["score"], answers["score"][order], atol=1e-4)


def test_a_user_alone_gets_the_same(served, trained_shop, answers):
    for row, query in list(enumerate(queries_of(trained_shop)))[:5]:
        alone = recommend(served, trained_shop, [query], EVERYTHING)
        assert ids(alone) == ids(answers)[row : row + 1]
        np.testing.assert_allclose(alone["score"][0], answers["score"][row], atol=1e-4)


def test_a_shorter_list_is_the_head_of_a_longer_one(served, trained_shop, answers):
    short = recommend(served, trained_shop, queries_of(trained_shop), 3)
    assert ids(short) == [row[:3] for row in ids(answers)]


def test_every_available_product_comes_once_and_then_nothing(trained_shop, answers):
    available = sorted(set(trained_shop.product_ids) - set(trained_shop.hidden))
    for row in ids(answers):
        assert sorted(row[: len(available)]) == available
        assert set(row[len(available) :]) == {""}


def test_scores_fall_and_end_in_nothing(trained_shop, answers):
    count = len(trained_shop.product_ids) - len(trained_shop.hidden)
    assert (np.diff(answers["score"][:, :count], axis=1) <= 0).all()
    assert np.isnan(answers["score"][:, count:]).all()


def test_sources_have_names(answers):
    shown = {text.decode() for text in answers["source"].ravel()}
    assert shown <= {*SOURCE_NAMES, ""}
    assert "own_history" in shown
    assert ((answers["source"] == b"") == (answers["product_id"] == b"")).all()


def purchases(query):
    events = zip(query.product_ids, query.times, query.event_types, strict=True)
    return [
        (product, (query.query_time - time) / 86_400) for product, time, kind in events if kind == "purchase"
    ]


def test_times_bought_and_days_since_are_those_of_the_request(trained_shop, answers):
    for row, query in enumerate(queries_of(trained_shop)):
        ages = {}
        for product, age in purchases(query):
            ages.setdefault(product, []).append(age)
        candidates = ids(answers)[row][: trained_shop.plan.config.ranking.num_candidates - 2]
        for place, product in enumerate(candidates):
            own = ages.get(product, [])
            assert answers["times_bought"][row, place] == len(own)
            np.testing.assert_allclose(
                answers["days_since_last"][row, place], min(own) if own else np.nan, rtol=1e-4
            )


def test_purchased_products_can_be_excluded(served, trained_shop):
    queries = queries_of(trained_shop)
    for row, query in zip(
        ids(recommend(served, trained_shop, queries, EVERYTHING, True)), queries, strict=True
    ):
        bought = {product for product, _ in purchases(query)}
        assert bought
        assert set(row) - {""} == set(trained_shop.product_ids) - set(trained_shop.hidden) - bought


def test_excluding_changes_nothing_else(served, trained_shop, answers):
    queries = queries_of(trained_shop)
    excluded = recommend(served, trained_shop, queries, EVERYTHING, True)
    for row, query in enumerate(queries):
        bought = {product for product, _ in purchases(query)}
        kept = [product for product in ids(answers)[row] if product and product not in bought]
        assert [product for product in ids(excluded)[row] if product] == kept


STRANGER = Query("nobody ever saw me", 1_700_000_001)


def test_a_stranger_without_history_gets_a_full_list(served, trained_shop):
    outputs = recommend(served, trained_shop, [STRANGER])
    assert len({*ids(outputs)[0]} - {""}) == TOP_K
    assert np.isfinite(outputs["score"]).all()
    assert b"own_history" not in outputs["source"]


def test_a_history_of_unknown_products_is_as_good_as_none(served, trained_shop):
    unknown = Query(STRANGER.user_id, STRANGER.query_time, ["?", "??"], [1, 2], ["purchase", "cart"])
    one, other = (recommend(served, trained_shop, [query]) for query in (STRANGER, unknown))
    assert ids(one) == ids(other)
    np.testing.assert_allclose(one["score"], other["score"], atol=1e-4)


def test_ids_come_back_as_they_went_in(served, trained_shop, answers):
    shown = {text for row in ids(answers) for text in row}
    assert {"line\nend", "größe 日本", "0  07", "q\"uo'te"} <= shown


def test_an_id_with_a_line_end_is_known_in_a_history(served, trained_shop):
    stamps = [1_699_000_000 + number for number in range(9)]  # often enough to be a candidate for certain
    query = Query("x", 1_700_000_000, ["line\nend"] * 9, stamps, ["purchase"] * 9)
    outputs = recommend(served, trained_shop, [query], EVERYTHING)
    place = ids(outputs)[0].index("line\nend")
    assert outputs["times_bought"][0, place] == 9


def test_neighbours_name_a_product_of_the_history(trained_shop, answers):
    history = [set(query.product_ids) for query in queries_of(trained_shop)]
    for row, (sources, named) in enumerate(zip(answers["source"], answers["neighbour_of"], strict=True)):
        assert all(text.decode() in history[row] for text in named if text)
        assert (sources[named != b""] == b"neighbours").all()


def test_retrieve_gives_the_candidates(served, trained_shop, offline):
    queries = queries_of(trained_shop)
    inputs = encode_queries(
        trained_shop.plan.features, queries, trained_shop.plan.config.split.history_length
    )
    outputs = served.signatures["retrieve"](**{name: tf.constant(value) for name, value in inputs.items()})
    by_user = dict(zip((query.user_id for query in queries), outputs["product_id"].numpy(), strict=True))
    for user, expected in zip(offline["users"], offline["ids"], strict=True):
        assert {text.decode() for text in by_user[user]} == set(expected)


def test_rank_gives_the_order_of_the_rankers_scores(served, trained_shop, offline):
    queries = {query.user_id: query for query in queries_of(trained_shop)}
    asked = [queries[user] for user in offline["users"]]
    length = trained_shop.plan.config.split.history_length
    inputs = encode_queries(trained_shop.plan.features, asked, length)
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    outputs = served.signatures["rank"](**tensors, exclude_purchased=tf.constant(False))
    for row, (products, scores) in enumerate(zip(offline["ids"], offline["scores"], strict=True)):
        found = [text.decode() for text in outputs["product_id"].numpy()[row] if text]
        assert found == [products[p] for p in np.argsort(-scores) if products[p] not in trained_shop.hidden]
        kept = outputs["score"].numpy()[row][: len(found)]
        assert kept == pytest.approx(sorted(kept, reverse=True))
    without = served.signatures["rank"](**tensors, exclude_purchased=tf.constant(True))
    for query, row in zip(asked, without["product_id"].numpy(), strict=True):
        events = zip(query.product_ids, query.event_types, strict=True)
        bought = {product for product, event_type in events if event_type == "purchase"}
        assert not {text.decode() for text in row if text} & bought


def similar(served, products, blend, top_k=EVERYTHING):
    outputs = served.signatures["similar"](
        product_id=tf.constant(products), blend=tf.constant(blend), top_k=tf.constant(top_k, tf.int64)
    )
    return {name: value.numpy() for name, value in outputs.items()}


def test_similar_products_by_content_are_nearest_in_the_embedding_space(served, trained_shop):
    shop = trained_shop
    embeddings = np.load(shop.directory / "index" / "embeddings.npy")
    entries = shop.transform.vocabulary_by_name("product_id")
    place = {entry.decode().replace("␤", "\n").replace("␍", "\r"): n for n, entry in enumerate(entries)}
    asked = [shop.product_ids[0], "p7"]
    found = similar(served, asked, 0.0)
    for row, product in enumerate(asked):
        others = [other for other in shop.product_ids if other not in (product, *shop.hidden)]
        cosine = {other: embeddings[place[product]] @ embeddings[place[other]] for other in others}
        shown = [text.decode() for text in found["product_id"][row] if text]
        assert sorted(shown) == sorted(others)
        assert [cosine[other] for other in shown] == pytest.approx(sorted(cosine.values(), reverse=True))
        np.testing.assert_array_equal(found["score"][row], found["content"][row])


def test_similar_products_by_purchases_are_the_neighbours(served, trained_shop):
    tables = load_tables(trained_shop.directory / "index", trained_shop.plan.windows.test_start)
    entries = trained_shop.transform.vocabulary_by_name("product_id")
    ids = [entry.decode().replace("␤", "\n").replace("␍", "\r") for entry in entries]
    found = similar(served, ["p7"], 1.0, 5)
    neighbours = [ids[n] for n in tables.snapshot.neighbour_index[ids.index("p7")] if n >= 0]
    expected = [product for product in neighbours if product not in trained_shop.hidden]
    assert [text.decode() for text in found["product_id"][0]][: len(expected)] == expected
    assert found["bought_together"][0, 0] == pytest.approx(1.0)


def test_an_unknown_product_has_no_similar_ones(served):
    found = similar(served, ["never heard of", "p7"], 0.5, 3)
    assert found["product_id"][0].tolist() == [b"", b"", b""] and np.isnan(found["score"][0]).all()
    assert all(found["product_id"][1])


def test_search_finds_the_colour_although_it_is_misspelt(served, trained_shop):
    outputs = served.signatures["search"](
        text=tf.constant(["red", "bleu blue", "!!"]), top_k=tf.constant(10, tf.int64)
    )
    numbers = {product: number for number, product in enumerate(trained_shop.product_ids)}
    for row, parity in ((0, 0), (1, 1)):
        shown = [text.decode() for text in outputs["product_id"].numpy()[row]]
        assert {numbers[product] % 2 for product in shown} == {parity}
        assert not set(shown) & set(trained_shop.hidden)
    assert outputs["product_id"].numpy()[2].tolist() == [b""] * 10


def test_the_model_tells_its_clients_what_they_need(trained_shop):
    metadata = json.loads((Path(trained_shop.model) / "assets.extra" / "towerline.json").read_text())
    plan = trained_shop.plan
    assert metadata["features"] == json.loads(plan.features.to_json())
    assert metadata["history_length"] == plan.config.split.history_length
    assert metadata["num_products"] == len(trained_shop.product_ids)
    assert metadata["event_weights"] == {"purchase": 1.0, "view": 0.0}
    assert metadata["exclude_purchased"] == "off"

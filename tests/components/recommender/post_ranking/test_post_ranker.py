"""Rules on six products: red (0, 1, 2), blue (3, 4), and one of which nothing is known (5)."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from components.recommender.candidates.embedding_table import EmbeddingTable
from components.recommender.post_ranking.compiled_rules import catalogue_columns, codes, compile_rules
from components.recommender.post_ranking.diversity import Diversity
from components.recommender.post_ranking.post_ranker import PostRanker
from schema.features import FeatureColumn, FeatureSet
from schema.rules import Range, Rule, matches
from schema.tensors.in_graph import in_graph

FEATURES = FeatureSet(
    users=(
        FeatureColumn(name="town", kind="category"),
        FeatureColumn(name="age", kind="number"),
        FeatureColumn(name="income", kind="category"),
        FeatureColumn(name="likes", kind="set"),
    ),
    products=(
        FeatureColumn(name="colour", kind="category"),
        FeatureColumn(name="price", kind="number"),
        FeatureColumn(name="pack", kind="category"),
        FeatureColumn(name="weight", kind="number"),
        FeatureColumn(name="tags", kind="set"),
    ),
)
IDS = ["a", "b", "c", "d", "e", "f"]
CATALOG = pa.table(
    {
        "product_id": [[b"e"], [b"a"], [b"b"], [b"c"], [b"d"]],
        "product__colour": [[b"blue"], [b"red"], [b"red"], [b"red"], [b"blue"]],
        "product__price": [[5.0], [1.0], [2.0], None, [4.0]],
        "product__pack": [[b"3.5"], [b"3"], [b"3.0"], [b"4"], [b"3"]],
        "product__tags": [None, [b"x", b"y"], [b"y", b"z"], [b"z"], [b"x"]],
        "product__weight": pa.array([[0.7], [0.3], [0.7], None, [0.1]], pa.list_(pa.float32())),
    }
)
SCORES = np.array([[6.0, 5.0, 4.0, 3.0, 2.0, 1.0]], np.float32)
INDEX = np.arange(6, dtype=np.int64)[np.newaxis]
NOTHING = np.full((1, 1), -1, np.int64)
ULM = {
    "user_id": tf.constant(["u"]),
    "user__town": tf.constant(["Ulm"]),
    "user__age": tf.constant([40.3]),
    "user__income": tf.constant(["4"]),
    "user__likes": tf.constant([["tea", "jam"]]),
}


def post_ranker(*rules, diversity=0.0):
    columns = catalogue_columns(CATALOG, FEATURES, IDS)
    compiled = compile_rules([Rule.parse(rule) for rule in rules], columns, FEATURES)
    embeddings = EmbeddingTable(np.eye(6, 4, dtype=np.float32))
    categories = codes(columns["colour"])[:, np.newaxis, np.newaxis]
    return PostRanker(compiled, embeddings, categories, Diversity(diversity))


def ranked_list(*rules, top_k=6, scores=SCORES, diversity=0.0, user=ULM):
    stage = post_ranker(*rules, diversity=diversity)

    @in_graph
    def order():
        changed = stage.forbidden(INDEX, stage.adjusted(INDEX, tf.constant(scores), user), user)
        done = stage(INDEX, changed, user, tf.constant(top_k), NOTHING)
        return done.position, done.exists, done.pinned_by, done.relaxed

    position, exists, pinned_by, relaxed = (value.numpy()[0] for value in order())
    return (
        "".join(IDS[place] for place in position[exists]),
        [text.decode() for text in pinned_by],
        [text.decode() for text in relaxed],
    )


def names(*rules, **changes):
    return ranked_list(*rules, **changes)[0]


def test_a_condition_is_looked_up_in_the_catalogue():
    columns = catalogue_columns(CATALOG, FEATURES, IDS)
    assert columns["colour"].tolist() == ["red", "red", "red", "blue", "blue", None]
    assert columns["price"][:2].tolist() == [1.0, 2.0] and np.isnan(columns["price"][[2, 5]]).all()
    assert matches(columns["colour"], "red").tolist() == [True, True, True, False, False, False]
    assert matches(columns["colour"], ("blue", "None")).tolist() == [False, False, False, True, True, False]
    assert matches(columns["price"], Range(at_least=2, below=5)).tolist() == [
        False,
        True,
        False,
        True,
        False,
        False,
    ]
    assert matches(columns["price"], 5).tolist() == [False, False, False, False, True, False]
    assert matches(columns["product_id"], ("b", "f")).tolist() == [False, True, False, False, False, True]
    assert codes(columns["colour"]).tolist()[-1] == -1 and len(set(codes(columns["colour"])[:5])) == 2


def test_no_rule_changes_nothing():
    stage = post_ranker()
    assert not stage.changes_order and len(stage.wanted_products(np.arange(6))) == 0
    assert names() == "abcdef"


def test_boost_and_bury_move_by_standard_deviations():
    # the scores' deviation is sqrt(35 / 12) = 1.708: two of them lift d (3) above a (6), not above 6.42
    assert names({"action": "boost", "amount": 2, "where": {"product_id": "d"}}) == "dabcef"
    assert names({"action": "boost", "amount": 1.7, "where": {"product_id": "d"}}) == "adbcef"
    assert names({"action": "bury", "amount": 9, "where": {"colour": "red"}}) == "defabc"


def test_never_and_only():
    assert names({"action": "never", "where": {"colour": ["red"]}}) == "def"
    done = ranked_list({"action": "only", "where": {"colour": "blue"}, "name": "blue week"}, top_k=3)
    assert done == ("dea", ["", "", ""], ["", "", "blue week"])


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ({"pack": 3.0}, "bcef"),  # the category `3`; b has the text 3.0
        ({"pack": 3}, "bcef"),
        ({"pack": "3.0"}, "acdef"),
        ({"pack": [3.5, "4"]}, "abdf"),
        ({"weight": 0.7}, "acdf"),
        ({"weight": {"at_least": 0.7}}, "acdf"),  # .7 is a little less in single precision
        ({"weight": {"below": 0.3}}, "abcef"),
    ],
)
def test_a_number_binds_however_it_is_written(where, left):
    assert names({"action": "never", "where": where}) == left


def test_the_last_only_gives_way_first():
    rules = [
        {"action": "only", "where": {"colour": "red"}},
        {"action": "only", "where": {"price": {"at_least": 2}}},
    ]
    order, _, relaxed = ranked_list(*rules)
    # b meets both, a and c the first alone, d and e the second alone, f none
    assert order == "bacdef" and relaxed == ["", "rule 2", "rule 2", "rule 1", "rule 1", "rule 1"]


def test_at_most_gives_way_before_only():
    rule = {"action": "at_most", "of": "colour", "count": 1}
    assert ranked_list(rule)[::2] == ("adfbce", ["", "", "", "rule 1", "rule 1", "rule 1"])
    both = ranked_list(rule, {"action": "only", "where": {"colour": "red"}}, top_k=4)
    assert both[::2] == ("abcd", ["", "rule 1", "rule 1", "rule 2"])


def test_pins_stand_where_they_shall():
    first = {"action": "pin", "position": 2, "where": {"colour": "blue"}, "name": "new blue"}
    second = {"action": "pin", "position": 1, "where": {"product_id": ["c", "b"]}}
    order, pinned, _ = ranked_list(first, second)
    assert order == "bdacef" and pinned == ["rule 2", "new blue", "", "", "", ""]
    assert names({"action": "pin", "position": 9, "where": {"product_id": "a"}}) == "bcdefa"
    assert names({"action": "pin", "where": {"colour": "green"}}) == "abcdef"


def test_a_pin_does_not_bring_back_what_is_forbidden():
    rules = [{"action": "never", "where": {"colour": "blue"}}, {"action": "pin", "where": {"colour": "blue"}}]
    assert names(*rules) == "abcf"


@pytest.mark.parametrize(
    ("users", "holds"),
    [
        ({"town": "Ulm"}, True),
        ({"town": ["Bonn", "Ulm"], "age": {"below": 41}}, True),
        ({"age": {"at_least": 41}}, False),
        ({"age": 40.3}, True),
        ({"age": {"at_least": 40.3}}, True),
        ({"age": {"below": 40.3}}, False),
        ({"income": 4.0}, True),
        ({"income": [3.0, 5]}, False),
        ({"town": "Bonn"}, False),
        ({"user_id": "u"}, True),
    ],
)
def test_a_rule_holds_for_its_segment(users, holds):
    for action, more in (("never", {}), ("only", {}), ("pin", {}), ("boost", {"amount": 9})):
        rule = {"action": action, "where": {"colour": "blue"}, "users": users, **more}
        assert (names(rule, top_k=2) != "ab") is (holds and action != "never"), action
    never = {"action": "never", "where": {"colour": "red"}, "users": users}
    assert names(never, top_k=2) == ("de" if holds else "ab")
    most = {"action": "at_most", "of": "colour", "users": users}
    assert names(most, top_k=2) == ("ad" if holds else "ab")


def test_a_missing_value_is_in_no_segment():
    user = {**ULM, "user__town": tf.constant([""]), "user__age": tf.constant([float("nan")])}
    for users in ({"town": "Ulm"}, {"age": {"at_least": 0}}, {"age": {"below": 99}}):
        assert names({"action": "never", "where": {"colour": "red"}, "users": users}, user=user) == "abcdef"


def test_diversity_mixes_and_leaves_the_filtered_out():
    assert names(diversity=0.0) == "abcdef"
    mixed = names(diversity=0.9, top_k=3)
    assert mixed[0] == "a" and set(mixed) & set("de")
    assert set(names({"action": "never", "where": {"colour": "red"}}, diversity=0.9)) == set("def")


def test_scores_are_handed_out_from_the_top():
    stage = post_ranker({"action": "pin", "position": 1, "where": {"product_id": "d"}})

    @in_graph
    def ask():
        hidden = tf.constant([[6.0, -1e30, 4.0, 3.0, 2.0, 1.0]])
        done = stage(INDEX, hidden, ULM, tf.constant(6), NOTHING)
        return done.position, done.score, done.exists, done.propensity

    position, score, exists, propensity = (value.numpy()[0].tolist() for value in ask())
    assert position[:5] == [3, 0, 2, 4, 5] and exists == [True] * 5 + [False]
    assert score[:5] == [6, 4, 3, 2, 1] and propensity == [1] * 6


def test_what_pins_and_only_need_is_added_to_every_list():
    stage = post_ranker(
        {"action": "pin", "where": {"colour": "blue"}}, {"action": "boost", "where": {"colour": "red"}}
    )
    assert stage.wanted_products(np.array([4, 0])).tolist() == [4, 3]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"action": "pin", "where": {"a": "b"}, "amount": 2}, "`amount` has no meaning for `pin`"),
        ({"action": "boost"}, "`boost` needs `where`"),
        ({"action": "at_most", "count": 2}, "`at_most` needs `of`"),
        ({"action": "hide", "where": {"a": "b"}}, "action"),
        ({"action": "only", "where": {"a": {"over": 2}}}, "where"),
        ({"action": "only", "where": {"a": {}}}, "where"),
    ],
)
def test_a_rule_that_says_nothing_is_refused(rule, told):
    from schema.errors import UserError

    with pytest.raises(UserError, match=told):
        Rule.parse(rule)


def test_at_most_counts_every_tag():
    # b shares y with a, c has only z, which b would have, and d shares x with a; e and f have no tag.
    rule = {"action": "at_most", "of": "tags", "count": 1, "name": "tags"}
    assert names(rule, top_k=4) == "acef"
    order, _, relaxed = ranked_list(rule)
    assert order == "acefbd" and relaxed == ["", "", "", "", "tags", "tags"]


def test_a_rule_holds_for_who_has_one_of_several_values():
    red = {"action": "never", "where": {"colour": "red"}}
    assert names({**red, "users": {"likes": "jam"}}) == "def"
    assert names({**red, "users": {"likes": ["beer", "tea"]}}) == "def"
    assert names({**red, "users": {"likes": "beer"}}) == "abcdef"

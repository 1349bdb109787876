"""Texts that share words, or parts of words, find each other."""

import numpy as np
import pytest
import tensorflow as tf

from components.recommender.text_search.index import TextIndex, build_postings, text_parts
from schema.tensors.in_graph import in_graph

TEXTS = ["whole milk", "oat milk organic", "dark chocolate 70%", "Käse gouda", "", "bananas"]


@pytest.fixture(scope="module")
def search():
    index = TextIndex(build_postings(TEXTS), len(TEXTS))
    graph = in_graph(index.__call__, input_signature=[tf.TensorSpec([None], tf.string)])
    return lambda *texts: graph(tf.constant(texts)).numpy()


def test_parts_are_words_and_trigrams_between_marks():
    buckets, weights = text_parts(tf.constant(["Oat", "a-b"]))
    # ^oat$ itself, ^oa, oat, at$; then ^a$ and ^b$, which are words and trigrams both.
    assert buckets.row_lengths().numpy().tolist() == [4, 4]
    assert weights.to_list() == [[2, 1, 1, 1], [2, 2, 1, 1]]
    expected = tf.strings.to_hash_bucket_fast(["^oat$", "^oa", "oat", "at$"], 1 << 17).numpy()
    assert buckets[0].numpy().tolist() == expected.tolist()


def test_a_text_is_most_like_itself(search):
    scores = search(*TEXTS)
    for place in (0, 1, 2, 3, 5):
        assert scores[place].argmax() == place
        assert scores[place, place] == pytest.approx(1.0, abs=1e-5)
    assert not scores[4].any() and not scores[:, 4].any()


def test_cosines_by_hand(search):
    # "ab" and "ac" share nothing; "ab ac" holds both. Of two texts, "^ab$" is in both, df 2: log(1 + 2 / 2).
    index = TextIndex(build_postings(["ab", "ab ac"]), 2)
    scores = index(tf.constant(["ab"])).numpy()[0]
    common, rare = np.log(2), np.log(3)
    short = np.array([2 * common, common, common])  # the word, ^ab and ab$
    long = np.array([2 * common, common, common, 2 * rare, rare, rare])
    expected = short @ long[:3] / np.linalg.norm(short) / np.linalg.norm(long)
    assert scores == pytest.approx([1.0, expected], abs=1e-5)


@pytest.mark.parametrize(
    ("typed", "meant"), [("choclate", 2), ("KÄSE", 3), ("bananna", 5), ("mlik wohle whole", 0)]
)
def test_misspelt_words_find_what_is_meant(search, typed, meant):
    assert search(typed)[0].argmax() == meant


def test_what_shares_nothing_scores_nothing(search):
    assert not search("xyz", "").any()

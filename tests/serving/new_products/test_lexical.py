"""Texts by words and parts of words."""

import pytest

from serving.new_products.lexical import likeness, parts


def test_parts_are_words_and_their_trigrams():
    assert parts("Oat, oat") == {"word ^oat$": 4.0, "^oa": 2, "oat": 2, "at$": 2}


def test_likeness_by_hand():
    # oat: a word of weight 2 and three trigrams; oats: a word, ^oa oat ats ts$. Shared: ^oa and oat.
    length_oat, length_oats = (4 + 3) ** 0.5, (4 + 4) ** 0.5
    assert likeness(parts("oat"), parts("oats")) == pytest.approx(2 / (length_oat * length_oats))
    assert likeness(parts("oat"), parts("OAT!")) == pytest.approx(1)
    assert likeness(parts("low_fat"), parts("low fat")) == pytest.approx(1)
    assert likeness(parts("oat"), parts("milk")) == 0 == likeness(parts(""), parts("milk"))

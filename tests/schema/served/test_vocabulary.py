from __future__ import annotations

import pytest

from schema.served.vocabulary import LINE_ENDS, restore_id


@pytest.mark.parametrize("text", ["p1", "007", " spaced ", "a\"b'c", "größe", "日本", "a\tb", "🧀"])
def test_an_id_on_one_line_stands_for_itself(text):
    assert restore_id(text.encode()) == text


def test_pictures_of_line_ends_become_line_ends():
    assert restore_id("a␤b␍c".encode()) == "a\nb\rc"


def test_what_stands_for_a_line_end_ends_no_line():
    assert all(len(picture.encode().splitlines()) == 1 for _, picture in LINE_ENDS)

"""Where an id stands in a text, and where a number only looks like it."""

import json

import pytest

from pipeline.forgetting.searching import Person


@pytest.mark.parametrize(
    "text",
    [
        "largest user: '1004'",
        '{"user_id": "1004"}',
        json.dumps({"findings": json.dumps({"example": "'1004'"})}),
        "User 1004, who bought 3 products",
        "GET /v1/users/1004",
        "'1004.0' is written as a number",
    ],
)
def test_a_number_is_an_id_where_texts_write_ids(text):
    person = Person("1004")
    assert person.stands_in(text)
    assert not person.stands_in(person.taken_out(text)) and "[forgotten]" in person.taken_out(text)


@pytest.mark.parametrize("text", ["1004 rows", "'10041'", '"seconds": 1004', "v1004", "users/10040"])
def test_a_count_is_none(text):
    assert not Person("1004").stands_in(text)


@pytest.mark.parametrize(
    "given", ['it\'s "quoted" `so`', "two\nlines", "naïve 漢字 😀", "a@b.example", "<b>&x</b>"]
)
def test_odd_ids_are_found_however_they_are_escaped(given):
    person = Person(given)
    for text in (
        f"row 7: {given!r}",
        given,
        json.dumps(given),
        json.dumps(given, ensure_ascii=False),
        json.dumps(json.dumps({"example": repr(given)})),
    ):
        assert person.stands_in(text), text
        assert not person.stands_in(person.taken_out(text)), text


def test_the_rest_of_a_text_stays():
    assert Person("anna-1").taken_out("anna-1 and anna-12, 'anna-1'") == (
        "[forgotten] and anna-12, '[forgotten]'"
    )

"""What is hidden is in no list, and lists stay as long as there is something to show."""

import numpy as np
import pyarrow as pa
import pytest

from kernel.cold_users import left_out
from serving.model.hidden import Hidden, hidden_last, without_hidden


def hidden(*places, count=6):
    return np.isin(np.arange(count), places)


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ((), [3, 1, 4, 0]),  # 2 and 5 were hidden when the fill was made, and it has no room for them
        ((1,), [3, 4, 0, 2]),
        ((2, 5, 1), [3, 4, 0, 1]),
        ((3, 1), [4, 0, 2, 5]),
        ((0, 1, 2, 3, 4, 5), [3, 1, 4, 0]),
    ],
)
def test_what_fills_lists_has_thehidden_last(gone, expected):
    assert hidden_last(np.array([3, 1, 4, 0]), hidden(*gone)).tolist() == expected


def test_lists_of_segments_lose_what_is_hidden():
    lists = np.array([[3, 1, -1], [1, 0, 5]])
    assert left_out(lists, hidden(1, 5)).tolist() == [[3, -1, -1], [-1, 0, -1]]


def ranking(*names):
    """A signature whose list has these products, each with a score, and how often it was asked."""
    asked = []

    def call(inputs):
        top_k = int(inputs["top_k"])
        asked.append(top_k)
        shown = [*names, *[""] * top_k][:top_k]
        scores = [10.0 - place if name else np.nan for place, name in enumerate(shown)]
        return {
            "product_id": np.array([[name.encode() for name in shown]], object),
            "score": np.array([scores], np.float32),
            "times_bought": np.array([[7] * top_k], np.int64),
            "model": np.array([1.0]),
        }

    return call, asked


def listed(found):
    return [name.decode() for name in found["product_id"][0]]


def gone(product_ids):
    """What says that these are hidden."""
    return lambda: frozenset(product_ids)


def test_what_is_sold_out_while_the_model_computes_does_not_come():
    hidden_ids = set()
    call, asked = ranking("a", "b", "c", "d", "e")

    def sold_out_meanwhile(inputs):
        found = call(inputs)
        hidden_ids.add(b"abc"[len(asked) - 1 : len(asked)])  # a while it is asked, b while it is asked again
        return found

    found = without_hidden(sold_out_meanwhile, {"top_k": 3}, lambda: frozenset(hidden_ids), 5)
    assert listed(found) == ["c", "d", "e"] and asked == [3, 5]


def test_a_list_without_hidden_products_is_asked_for_once():
    call, asked = ranking("a", "b", "c", "d")
    found = without_hidden(call, {"top_k": 3}, gone([b"d"]), 4)
    assert listed(found) == ["a", "b", "c"] and asked == [3]


def test_a_list_that_loses_products_is_filled():
    call, asked = ranking("a", "b", "c", "d", "e", "f")
    found = without_hidden(call, {"top_k": 3}, gone([b"a", b"c"]), 6)
    assert listed(found) == ["b", "d", "e"] and asked == [3, 6]
    assert found["score"][0].tolist() == [9.0, 7.0, 6.0] and found["model"].tolist() == [1.0]


def test_the_end_of_the_catalogue_is_the_end():
    call, asked = ranking("a", "b", "c", "d")
    found = without_hidden(call, {"top_k": 3}, gone([b"a", b"b"]), 4)
    assert listed(found) == ["c", "d", ""] and asked == [3, 4]
    assert np.isnan(found["score"][0][2]) and found["times_bought"].tolist() == [[7, 7, 0]]
    call, asked = ranking("a", "b")
    assert listed(without_hidden(call, {"top_k": 3}, gone([b"a"]), 90)) == ["b", "", ""]
    assert asked == [3]  # the list was short already


def test_lists_of_a_length_of_their_own_become_shorter():
    ids = np.array([[b"a", b"b"], [b"c", b"a"]], object)
    found = without_hidden(lambda _: {"product_id": ids}, {}, gone([b"a"]), 9)
    assert found["product_id"].tolist() == [[b"b", b""], [b"c", b""]]


def test_what_is_no_list_stays_as_it_is():
    found = without_hidden(lambda _: {"known": np.array([True])}, {}, gone([b"a"]), 9)
    assert found["known"].tolist() == [True]


def test_tables_are_exchanged_from_what_the_model_came_with():
    tables = Recorded({"sources/hidden": hidden(2), "fill": np.array([3, 1, 4, 0, 5]), "other": np.zeros(1)})
    found = Hidden(tables, pa.array(list("abcdef")))
    found.put(hidden(1))
    assert tables.values["sources/hidden"].tolist() == hidden(1).tolist()
    assert tables.values["fill"].tolist() == [3, 4, 0, 5, 2] and found.ids == {b"b"}
    found.put(hidden(0))
    assert tables.values["fill"].tolist() == [3, 1, 4, 5, 2] and found.ids == {b"a"}
    assert "cold_start/products" not in tables.values


def test_tables_stay_as_they_are_where_nothing_has_changed():
    tables = Recorded({"sources/hidden": hidden(2), "fill": np.array([3, 1, 4, 0, 5])})
    found = Hidden(tables, pa.array(list("abcdef")))
    found.put(hidden(2))
    assert tables.exchanges == 0 and found.ids == {b"c"}
    found.put(hidden(1))
    found.put(hidden(1))
    assert tables.exchanges == 1 and found.ids == {b"b"}


class Recorded:
    """Tables in memory."""

    def __init__(self, values):
        self.values = values
        self.exchanges = 0

    def __contains__(self, name):
        return name in self.values

    def stored(self, name):
        return self.values[name]

    def put(self, values):
        self.values |= values
        self.exchanges += 1

import pytest

from serving.model.reasons import reason


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"source": "ease", "times_bought": 0}, "goes with what you bought"),
        (
            {"source": "own_history", "times_bought": 7, "usual_interval_days": 9.2, "days_since_last": 11.8},
            "bought 7 times, about every 9 days; last 12 days ago",
        ),
        ({"source": "two_tower", "times_bought": 1, "days_since_last": 1.0}, "bought once, 1 day ago"),
        (
            {"source": "own_history", "times_bought": 2, "days_since_last": 0.125},
            "bought 2 times, 3 hours ago",
        ),
        ({"source": "neighbours", "times_bought": 0, "neighbour_of": "milk"}, "often bought with milk"),
        ({"source": "transitions"}, "often comes after what you turned to last"),
        ({"source": "similar_users"}, "bought by customers with a history like yours"),
        ({"source": "popular", "times_bought": 0}, "popular with everybody"),
        ({"source": "segment", "times_bought": 0}, "popular with users like you"),
        ({"source": "a new one"}, "a new one"),
    ],
)
def test_reason(item, words):
    assert reason(item) == words


def test_rules_tell_what_they_did():
    item = {"source": "rule", "times_bought": 0, "pinned_by": "spring sale"}
    assert reason(item) == "put here by spring sale"
    item = {"source": "popular", "times_bought": 0, "relaxed": "rule 2"}
    assert reason(item) == ("popular with everybody; though rule 2 wants others, of which there are too few")


def test_a_stranger_is_not_told_what_he_buys():
    assert reason({"source": "new_product"}) == "new, of a kind that you buy"
    assert reason({"source": "new_product", "is_stranger": True}) == "new"

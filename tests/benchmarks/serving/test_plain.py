"""The plain way gives a list as it should, or its time would mean nothing."""

from benchmarks.serving.plain import plain_recommender


def test_ten_different_products_by_the_rankers_order():
    recommend = plain_recommender(["a", "b"], num_products=50, num_candidates=20, seed=1)
    first, again, other = recommend("a"), recommend("a"), recommend("b")
    assert len(set(first)) == 10 and first == again and first != other
    assert set(first) <= {f"p{number}" for number in range(50)}

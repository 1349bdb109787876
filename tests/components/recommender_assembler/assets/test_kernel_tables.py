"""What the kernel does not cover is written in the place of the tables."""

import pytest

from components.recommender_assembler.assets.kernel_tables import write_kernel
from kernel.description import KernelError, read_tables
from schema import names


@pytest.fixture
def written(trained_shop, compose, tmp_path):
    """`written(change)`: the folder of the kernel of a model that is changed first."""

    def write(change=lambda recommender: None, ranker=names.RANKER_TABLES, **settings):
        recommender = compose(**settings)
        change(recommender)
        folder = trained_shop.directory
        tables = (folder / "ranking/Format-Serving" / ranker, folder / "retrieval/Format-Serving/none")
        write_kernel(recommender, *tables, tmp_path)
        return tmp_path / names.KERNEL

    return write


def test_models_without_a_preranker_have_no_tables(written, monkeypatch):
    folder = written(lambda model: monkeypatch.setattr(model.sources, "preranker", None))
    with pytest.raises(KernelError, match="does not cover sources without a preranker"):
        read_tables(folder)


def test_rankers_of_before_have_no_tables(written):
    with pytest.raises(KernelError, match="before rankers wrote their tables"):
        read_tables(written(ranker="none.npz"))


def test_segments_are_those_of_the_graph_where_it_makes_the_lists(written):
    rules = [{"action": "never", "where": {"colour": "red"}}]
    ruled, arrays = read_tables(written(rules=rules, cold_start="segment"))
    assert ruled.finish and ruled.segments == () and "cold.products" not in arrays


def test_plain_models_need_nothing_of_the_graph(written):
    plain, arrays = read_tables(written(cold_start="segment"))
    assert not plain.finish and "cold.products" in arrays


def test_what_never_comes_back_is_excluded_for_longer_than_any_age(written):
    always, _ = read_tables(written(exclude_purchased="always"))
    assert 1e30 < always.settings["exclude_days"] < float("inf")

from __future__ import annotations

from schema import names
from schema.features import FeatureColumn, Kind
from trainer.retrieval.run import cardinalities


class Vocabularies:
    """Stands in for the transform output: 7 categories and 30 words."""

    def vocabulary_size_by_name(self, name):
        return {"product__colour": 7, "product__title": 30}[name]


def column(kind, dim=1):
    return FeatureColumn(name="any", kind=kind, dim=dim)


def test_every_index_that_the_graph_may_give_has_a_row():
    sizes = cardinalities(
        Vocabularies(),
        {
            "product__colour": column(Kind.CATEGORY),
            "product__price": column(Kind.NUMBER),
            "product__title": column(Kind.TEXT),
            "product__vector": column(Kind.EMBEDDING, 3),
        },
    )
    assert sizes == {
        "product__colour": 2 + 7,  # missing, unseen, and those of the vocabulary
        "product__price": 2 + names.NUM_NUMBER_BUCKETS,
        "product__title": 30 + names.NUM_HASHED_WORDS,
    }

"""What the shards gave, added up by Beam."""

import apache_beam as beam
from apache_beam.testing.util import assert_that, equal_to

from components.product_example_gen.executor import AddUp, Total
from components.product_example_gen.shards import ShardSummary

SHARDS = [
    ShardSummary(3, {"train": 2, "eval": 1}),
    ShardSummary(4, {"train": 1}),
    "no such column",
    "no such column",
]
ALL = Total(7, {"train": 3, "eval": 1}, {"no such column"})


def test_rows_are_added_and_errors_are_kept_once():
    with beam.Pipeline(runner="DirectRunner") as pipeline:
        total = pipeline | beam.Create(SHARDS) | beam.CombineGlobally(AddUp()).with_fanout(2)
        assert_that(total, equal_to([ALL]))


def test_the_order_in_which_workers_finish_does_not_matter():
    combiner = AddUp()
    parts = [combiner.add_input(combiner.create_accumulator(), summary) for summary in SHARDS]
    assert combiner.extract_output(combiner.merge_accumulators(parts[::-1])) == ALL


def test_no_shard_at_all():
    assert AddUp().merge_accumulators([]) == Total()

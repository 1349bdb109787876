"""Adds up what the shards of ProductExampleGen gave, without keeping what each of them gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import apache_beam as beam

from components.product_example_gen.shards import ShardSummary


@dataclass
class Total:
    """What all shards gave.

    Attributes:
        num_events: Number of events.
        num_rows: Split -> rows.
        products: Ids of the products of all events, each once.
        errors: Mistakes of the user, each once.
    """

    num_events: int = 0
    num_rows: dict[str, int] = field(default_factory=dict)
    products: set[str] = field(default_factory=set)
    errors: set[str] = field(default_factory=set)

    def merge(self, other: Total) -> None:
        """Adds another total."""
        self.num_events += other.num_events
        self.products |= other.products
        self.errors |= other.errors
        for split, count in other.num_rows.items():
            self.num_rows[split] = self.num_rows.get(split, 0) + count


class AddUp(beam.CombineFn):
    """From summaries, or messages of what went wrong, to a `Total`; its size is that of the vocabulary."""

    def create_accumulator(self) -> Total:
        """Nothing yet."""
        return Total()

    def add_input(self, total: Total, summary: ShardSummary | str) -> Total:
        """Adds what one range of users gave."""
        if isinstance(summary, str):
            total.errors.add(summary)
        else:
            total.merge(Total(summary.num_events, dict(summary.num_rows), set(summary.products)))
        return total

    def merge_accumulators(self, totals: Iterable[Total]) -> Total:
        """Adds what several workers have."""
        merged = Total()
        for total in totals:
            merged.merge(total)
        return merged

    def extract_output(self, total: Total) -> Total:
        """All of it."""
        return total

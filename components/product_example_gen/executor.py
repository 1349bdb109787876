"""Reads the database in ranges of users, each in its Beam worker, and writes the four splits."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
from absl import logging
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.interactions.files import SUMMARY_FILE
from components.product_example_gen.catalog import write_catalog
from components.product_example_gen.settings import Job, ProductExampleGenSettings
from components.product_example_gen.shards import ShardSummary, write_shard
from schema import names
from schema.errors import PipelineRefusedError, UserError
from schema.source import UserRange

_EVENTS_PER_RANGE = 250_000
_FANOUT = 16


class Executor(BaseBeamExecutor):
    """Writes the artifacts of ProductExampleGen."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        """Runs the component.

        Raises:
            PipelineRefusedError: A split is empty.
            UserError: The database holds what cannot be read.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        interactions = artifact_utils.get_single_instance(output_dict["interactions"])
        examples.split_names = artifact_utils.encode_split_names(list(names.SPLITS))
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")
        directories = {name: artifact_utils.get_split_uri([examples], name) for name in names.SPLITS}
        for directory in (*directories.values(), interactions.uri):
            fileio.makedirs(directory)
        job = Job(ProductExampleGenSettings.from_properties(exec_properties), directories, interactions.uri)
        ranges = _ranges(job)
        logging.info("Reading the events in %d ranges of users.", len(ranges))
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Ranges" >> beam.Create([(index, users) for index, users in enumerate(ranges)])
                | "Spread" >> beam.Reshuffle()
                | "WriteShards" >> beam.Map(_try_shard, job, len(ranges))
                | "AddUp" >> beam.CombineGlobally(AddUp()).with_fanout(_FANOUT)
                | "WriteCatalog" >> beam.Map(_finish, job)
            )
        summary = _read_summary(interactions.uri)
        _check(summary, job)
        interactions.set_int_custom_property("num_events", summary["num_events"])
        for split, num_rows in summary["num_rows"].items():
            examples.set_int_custom_property(f"num_{split}", num_rows)


def _ranges(job: Job) -> list[UserRange]:
    with job.open_source() as source:
        count = job.settings.source.partitions
        if not count:
            num_events = sum(users.num_events for users in source.partitions(1))
            count = -(-num_events // _EVENTS_PER_RANGE)
        return source.partitions(count)


def _try_shard(element: tuple[int, UserRange], job: Job, num_shards: int) -> ShardSummary | str:
    """Writes a shard; a mistake of the user is a result, because Beam would wrap the exception."""
    shard, users = element
    try:
        return write_shard(job, shard, num_shards, users)
    except UserError as error:
        return str(error)


def _finish(total: Total, job: Job) -> None:
    """Writes the catalog, which needs the products of all parts of the events, and the summary."""
    summary: dict[str, Any] = {"errors": sorted(total.errors), "num_events": total.num_events}
    rows = {split: total.num_rows.get(split, 0) for split in names.QUERY_SPLITS}
    try:
        catalog = write_catalog(job)
        rows[names.CATALOG] = catalog.num_rows
        summary["orphans"] = list(catalog.orphans)
    except UserError as error:
        summary["errors"].append(str(error))
    summary["num_rows"] = rows
    with fileio.open(os.path.join(job.interactions, SUMMARY_FILE), "w") as file:
        file.write(json.dumps(summary))


def _read_summary(uri: str) -> dict[str, Any]:
    path = os.path.join(uri, SUMMARY_FILE)
    if not fileio.exists(path):
        return {"errors": [], "num_events": 0, "num_rows": dict.fromkeys(names.SPLITS, 0)}
    with fileio.open(path) as file:
        summary: dict[str, Any] = json.loads(file.read())
    return summary


def _check(summary: dict[str, Any], job: Job) -> None:
    if summary["errors"]:
        raise UserError(summary["errors"][0])
    windows, weights = job.settings.windows, job.settings.event_weights
    spans = {
        names.TRAIN: (windows.start, windows.eval_start),
        names.EVAL: (windows.eval_start, windows.test_start),
        names.TEST: (windows.test_start, windows.now),
    }
    for split, (begin, end) in spans.items():
        if not summary["num_rows"].get(split):
            raise PipelineRefusedError(
                f"Split `{split}` is empty: no user has an event of positive weight from {_stamp(begin)} to "
                f"{_stamp(end)} (UTC) that can be a target. Received: events.weights="
                f"{weights}. Remedy: choose longer windows with `split.eval_window` and "
                "`split.test_window`, or give a type of event that occurs there a weight."
            )


def _stamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Total:
    """What all shards gave.

    Attributes:
        num_events: Number of events.
        num_rows: Split -> rows.
        errors: Mistakes of the user, each once.
    """

    num_events: int = 0
    num_rows: dict[str, int] = field(default_factory=dict)
    errors: set[str] = field(default_factory=set)

    def merge(self, other: Total) -> None:
        """Adds another total."""
        self.num_events += other.num_events
        self.errors |= other.errors
        for split, count in other.num_rows.items():
            self.num_rows[split] = self.num_rows.get(split, 0) + count


class AddUp(beam.CombineFn):
    """From summaries, or messages of what went wrong, to a `Total`."""

    def create_accumulator(self) -> Total:
        """Nothing yet."""
        return Total()

    def add_input(self, total: Total, summary: ShardSummary | str) -> Total:
        """Adds what one range of users gave."""
        if isinstance(summary, str):
            total.errors.add(summary)
        else:
            total.merge(Total(summary.num_events, dict(summary.num_rows)))
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

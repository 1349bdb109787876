"""Recommendations for every user of a file, to Parquet."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.terminal.console import counter
from schema.errors import UserError
from schema.files import whole_file
from serving.database.live_history import LiveHistory
from serving.model.items import Items
from serving.model.pushed_model import PushedModel

SCHEMA: Final = pa.schema(
    [
        ("user_id", pa.string()),
        ("rank", pa.int64()),
        ("product_id", pa.string()),
        ("score", pa.float32()),
        ("source", pa.string()),
    ]
)
BATCH_SIZE: Final = 64


def read_user_ids(file: str) -> list[str]:
    """Reads ids, one a line, byte for byte; empty lines and repetitions are left out.

    Raises:
        UserError: The file cannot be read, is no UTF-8, or names nobody.
    """
    try:
        text = Path(file).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UserError(
            f"The file of users cannot be read. Received: --users {file} ({error.strerror})."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"The file of users is no UTF-8 text. Received: --users {file}.") from error
    ids = dict.fromkeys(line.removesuffix("\r") for line in text.split("\n"))
    ids.pop("", None)
    if not ids:
        raise UserError(f"The file of users names nobody. Received: --users {file}. Remedy: one id a line.")
    return list(ids)


def write_recommendations(
    model: PushedModel,
    history: LiveHistory,
    user_ids: Sequence[str],
    output: Path,
    top_k: int,
    exclude_purchased: bool,
) -> dict[str, Any]:
    """Writes `user_id, rank, product_id, score, source`, `top_k` rows for each user, in their order.

    A batch is computed in a thread that asks the model; there are as many as cores, and one that reads.

    Returns:
        How many users, how many of them are known, how many rows, and the seconds.
    """
    progress = counter("Recommending to")
    started = time.monotonic()
    done = known = rows = 0
    with whole_file(output) as temporary, pq.ParquetWriter(temporary, SCHEMA) as writer:
        for batch, flags, answers in _answered(model, history, user_ids, top_k, exclude_purchased):
            table = pa.Table.from_pylist(
                [
                    {"user_id": user_id, **item}
                    for user_id, items in zip(batch, answers, strict=True)
                    for item in items
                ],
                schema=SCHEMA,
            )
            writer.write_table(table)
            done, known, rows = done + len(batch), known + sum(flags), rows + table.num_rows
            progress("users", done, len(user_ids))
    return {"users": done, "known_users": known, "rows": rows, "seconds": time.monotonic() - started}


def _answered(
    model: PushedModel, history: LiveHistory, user_ids: Sequence[str], top_k: int, exclude_purchased: bool
) -> Iterator[tuple[list[str], list[bool], list[Items]]]:
    """Batches of users, which of them are known, and their lists."""
    num_workers = os.cpu_count() or 1
    waiting: deque[tuple[list[str], list[bool], Future[list[Items]]]] = deque()
    with ThreadPoolExecutor(num_workers) as pool:
        for batch in _batches(user_ids):
            queries, flags = history.queries(batch)
            waiting.append((batch, flags, pool.submit(model.recommend, queries, top_k, exclude_purchased)))
            if len(waiting) > num_workers:
                done, known, answer = waiting.popleft()
                yield done, known, answer.result()
        while waiting:
            done, known, answer = waiting.popleft()
            yield done, known, answer.result()


def _batches(values: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(values)
    while batch := list(islice(rest, BATCH_SIZE)):
        yield batch

"""`towerline recommend`: answers of the pushed model."""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.terminal import console
from schema.errors import UserError
from schema.files import whole_file

if TYPE_CHECKING:
    from schema.source import ProductSource
    from serving.database.live_history import LiveHistory
    from serving.model.items import Items
    from serving.model.pushed_model import PushedModel

NAME = "recommend"
HELP = "recommendations of the pushed model for a user, or for a file of users"

_BATCH_SIZE: Final = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", metavar="U", help="id of one user, known or not")
    who.add_argument("--users", metavar="FILE", help="file of ids, one a line")
    parser.add_argument("--top-k", type=int, default=10, metavar="K", help="products for a user (10)")
    parser.add_argument("--output", metavar="FILE.parquet", help="where --users writes")
    parser.add_argument("--exclude-purchased", action="store_true", help="leave out what the user has bought")
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import open_concealed, source_of
    from pipeline.terminal.capture import quiet_stderr
    from schema.arrow import import_arrow
    from serving.database.live_history import LiveHistory
    from serving.model.pushed_model import RECOMMENDING, PushedModel
    from serving.new_products.following import hide_sold_out

    import_arrow()
    if arguments.top_k < 1:
        raise UserError(f"`--top-k` must be at least 1. Received: {arguments.top_k}.")
    if (arguments.users is None) != (arguments.output is None):
        raise UserError("`--users FILE` and `--output FILE.parquet` belong together.")
    config = load_config(arguments, arguments.source)
    workdir = Path(arguments.workdir).expanduser().absolute()
    # As the server has it: several threads within an operation may add up in another order.
    model = PushedModel(config.push.directory_in(workdir), one_thread=True, only=RECOMMENDING)
    with quiet_stderr():
        model.make_ready()
    with open_concealed(source_of(config, workdir)) as source:
        with contextlib.suppress(UserError):  # models of before have no table of products
            hide_sold_out(model, source)
        history = LiveHistory(source, model.features, model.history_length)
        if arguments.user is not None:
            return _one(arguments, model, history, source)
        return _many(arguments, model, history)


def _one(
    arguments: argparse.Namespace, model: PushedModel, history: LiveHistory, source: ProductSource
) -> int:
    from pipeline.terminal.capture import quiet_stderr
    from serving.database.descriptions import describe_products

    queries, known = history.queries([arguments.user])
    with quiet_stderr():  # whom the kernel does not cover, TensorFlow answers
        items = model.recommend(queries, arguments.top_k, arguments.exclude_purchased)[0]
    answer = {
        "user_id": arguments.user,
        "model_version": model.version,
        "known_user": known[0],
        "items": items,
    }
    if arguments.json:
        console.say_json(answer)
    else:
        ids = [item["product_id"] for item in items]
        _print(answer, len(queries[0].product_ids), describe_products(source, model.features, ids))
    return 0


def _print(answer: dict[str, Any], num_events: int, descriptions: dict[str, str]) -> None:
    from pipeline.runs.tables import render

    who = f"{num_events} recent events" if answer["known_user"] else "not seen before"
    console.say(f"User {answer['user_id']} ({who}), model {answer['model_version']}")
    rows = []
    for item in answer["items"]:
        what = (item["product_id"], descriptions.get(item["product_id"], ""))
        rows.append((str(item["rank"]), *what, f"{item['score']:.4f}", item["source"], item["reason"]))
    console.say(render(("rank", "product", "what it is", "score", "source", "reason"), rows, right=(0, 3)))


def _many(arguments: argparse.Namespace, model: PushedModel, history: LiveHistory) -> int:
    from pipeline.terminal.capture import quiet_stderr
    from schema.served.request import Query

    output = Path(arguments.output)
    if output.is_dir():
        raise UserError(f"The output is a folder. Received: --output {output}. Remedy: name a file.")
    user_ids = read_user_ids(arguments.users)
    with quiet_stderr():
        model.recommend([Query("", 1)], 1, False)  # among many there are some whom the session answers
    summary = write_recommendations(
        model, history, user_ids, output, arguments.top_k, arguments.exclude_purchased
    )
    if arguments.json:
        console.say_json({"output": str(output), "model_version": model.version, **summary})
    else:
        console.say(
            f"Wrote {summary['rows']:,} rows for {summary['users']:,} users "
            f"({summary['known_users']:,} known) to {output} in {summary['seconds']:.1f} s"
        )
    return 0


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
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"user_id": pa.string(), "rank": pa.int64(), "product_id": pa.string()}
    schema = pa.schema(columns | {"score": pa.float32(), "source": pa.string()})
    progress = console.counter("Recommending to")
    started = time.monotonic()
    done = known = rows = 0
    with whole_file(output) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for batch, flags, answers in _answered(model, history, user_ids, top_k, exclude_purchased):
            table = pa.Table.from_pylist(
                [
                    {"user_id": user_id, **item}
                    for user_id, items in zip(batch, answers, strict=True)
                    for item in items
                ],
                schema=schema,
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
    while batch := list(islice(rest, _BATCH_SIZE)):
        yield batch

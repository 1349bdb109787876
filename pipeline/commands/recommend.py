"""`towerline recommend`: answers of the pushed model."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.terminal import console
from schema.errors import UserError

if TYPE_CHECKING:
    from schema.source import ProductSource
    from serving.database.live_history import LiveHistory
    from serving.model.pushed_model import PushedModel

NAME = "recommend"
HELP = "recommendations of the pushed model for a user, or for a file of users"


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
    from pipeline.config.remembered_source import source_of
    from pipeline.config.source_access import open_concealed
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
    from pipeline.commands.batch import read_user_ids, write_recommendations
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

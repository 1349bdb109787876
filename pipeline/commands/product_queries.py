"""What `towerline similar` and `towerline search` share."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.terminal import console
from schema.errors import UserError

if TYPE_CHECKING:
    from serving.model.pushed_model import PushedModel


def add_shared_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of both commands."""
    parser.add_argument("--top-k", type=int, default=10, metavar="K", help="products to list (10)")
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def loaded_model(arguments: argparse.Namespace, signature: str) -> PushedModel:
    """The pushed model, of which one signature is loaded.

    Raises:
        UserError: `--top-k` is below 1 or nothing has been pushed.
    """
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import open_concealed, source_of
    from pipeline.terminal.capture import quiet_stderr
    from serving.model.pushed_model import PushedModel
    from serving.new_products.following import hide_sold_out

    if arguments.top_k < 1:
        raise UserError(f"`--top-k` must be at least 1. Received: {arguments.top_k}.")
    config = load_config(arguments, arguments.source)
    workdir = Path(arguments.workdir).expanduser().absolute()
    model = PushedModel(config.push.directory_in(workdir), one_thread=True, only=(signature,))
    with quiet_stderr():
        model.load()
    with contextlib.suppress(UserError), open_concealed(source_of(config, workdir)) as source:
        hide_sold_out(model, source)  # without a database it is as when the model was made
    return model


def say_items(arguments: argparse.Namespace, answer: dict[str, Any], columns: tuple[str, ...]) -> None:
    """Prints the items of an answer with what the products are, or all of it as JSON."""
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import open_concealed, source_of
    from pipeline.runs.tables import render
    from serving.database.descriptions import describe_products

    if arguments.json:
        console.say_json({name: value for name, value in answer.items() if name != "features"})
        return
    workdir = Path(arguments.workdir).expanduser().absolute()
    with open_concealed(source_of(load_config(arguments, arguments.source), workdir)) as source:
        ids = [item["product_id"] for item in answer["items"]]
        described = describe_products(source, answer["features"], ids)
    rows = [
        (
            str(item["rank"]),
            item["product_id"],
            described.get(item["product_id"], ""),
            *(f"{item[name]:.4f}" for name in columns),
        )
        for item in answer["items"]
    ]
    console.say(
        render(("rank", "product", "what it is", *columns), rows, right=(0, *range(3, 3 + len(columns))))
    )

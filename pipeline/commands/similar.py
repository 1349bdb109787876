"""`towerline similar`: products like a product."""

from __future__ import annotations

import argparse

from schema import names
from schema.errors import UserError

NAME = "similar"
HELP = "products like a product, by what is bought together and by content"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    from pipeline.commands.product_queries import add_shared_arguments

    parser.add_argument("--product", required=True, metavar="P", help="id of the product")
    parser.add_argument("--blend", type=float, default=0.5, help="share of what is bought together (0.5)")
    add_shared_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.commands.product_queries import loaded_model, say_items
    from pipeline.terminal.capture import quiet_stderr

    if not 0 <= arguments.blend <= 1:
        raise UserError(f"`--blend` must lie between 0 and 1. Received: {arguments.blend}.")
    model = loaded_model(arguments, names.SIMILAR)
    with quiet_stderr():
        items = model.similar(arguments.product, arguments.top_k, arguments.blend)
    if not items:
        raise UserError(
            f"Model {model.version} knows no product {arguments.product!r}. "
            "Remedy: name a product of the database that was there at the last run."
        )
    answer = {"product_id": arguments.product, "model_version": model.version, "items": items}
    say_items(arguments, {**answer, "features": model.features}, ("score", "bought_together", "content"))
    return 0

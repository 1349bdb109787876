"""`towerline search`: products for a text."""

from __future__ import annotations

import argparse

from schema import names

NAME = "search"
HELP = "products for a text, also a misspelt one"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    from pipeline.commands.product_queries import add_shared_arguments

    parser.add_argument("--text", required=True, help="words")
    add_shared_arguments(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.commands.product_queries import loaded_model, say_items
    from pipeline.terminal.capture import quiet_stderr

    model = loaded_model(arguments, names.SEARCH)
    with quiet_stderr():
        items = model.search(arguments.text, arguments.top_k)
    answer = {"text": arguments.text, "model_version": model.version, "items": items}
    say_items(arguments, {**answer, "features": model.features}, ("score", "text"))
    return 0

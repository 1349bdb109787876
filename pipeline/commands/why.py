"""`towerline why`: why a product is, or is not, in a user's list."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.terminal import console
from schema.errors import UserError

if TYPE_CHECKING:
    from schema.source_settings import SourceSettings
    from serving.model.holder import Served

NAME = "why"
HELP = "why a product is, or is not, in a user's list, and what would bring it in"

_MOST: Final = 10_000
_SHOWN: Final = 6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the command."""
    parser.add_argument("--user", required=True, metavar="U", help="id of the user, known or not")
    parser.add_argument("--product", required=True, metavar="P", help="id of any product")
    parser.add_argument("--top-k", type=int, default=10, metavar="K", help="length of the list (10)")
    parser.add_argument("--diversity", type=float, metavar="D", help="0 to 1; as configured by default")
    parser.add_argument("--exclude-purchased", action="store_true", help="leave out what the user has bought")
    parser.add_argument("--source", metavar="URL", help="product database, if not that of the last run")


def execute(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    from pipeline.commands.serve import SIDE_INDEX
    from pipeline.config.loading import load_config
    from pipeline.config.remembered_source import source_of
    from pipeline.terminal.capture import quiet_stderr
    from serving.model.histories import Histories
    from serving.model.holder import Served
    from serving.model.pushed_model import PushedModel
    from serving.model.tracing import cannot_explain

    if not 1 <= arguments.top_k <= _MOST:
        raise UserError(f"`--top-k` must lie between 1 and {_MOST:,}. Received: {arguments.top_k}.")
    if arguments.diversity is not None and not 0 <= arguments.diversity <= 1:
        raise UserError(f"`--diversity` must lie between 0 and 1. Received: {arguments.diversity}.")
    config = load_config(arguments, arguments.source)
    workdir = Path(arguments.workdir).expanduser().absolute()
    model = PushedModel(config.push.directory_in(workdir))
    with quiet_stderr():
        reason = cannot_explain(model)
        if reason:
            raise UserError(reason)
        answer = _answer(
            arguments,
            Served(model, [], Histories(model.folder)),
            source_of(config, workdir),
            workdir / SIDE_INDEX,
        )
    if arguments.json:
        console.say_json(answer)
    else:
        _print(answer)
    return 0


def _answer(
    arguments: argparse.Namespace, served: Served, source: SourceSettings, side_index: Path
) -> dict[str, Any]:
    """The answer of the server, of the product table as it is now."""
    from pipeline.config.remembered_source import open_concealed
    from serving.database.shop import Shop
    from serving.new_products.following import Following
    from serving.new_products.merging import NewProducts
    from serving.new_products.side_index import SideIndex
    from serving.problems import ProblemError
    from serving.recommend.requests import ExplainRequest
    from serving.recommend.why.answering import Explaining

    new = NewProducts(SideIndex(side_index))
    following = Following(new)
    following.attach(served.model)
    with open_concealed(source) as products:
        states = products.product_states().changed()
        if states is not None:
            following.take(states, products)
    shop = Shop(lambda: open_concealed(source), 60.0)
    request = ExplainRequest(
        user_id=arguments.user,
        product_id=arguments.product,
        top_k=arguments.top_k,
        diversity=arguments.diversity,
        exclude_purchased=arguments.exclude_purchased,
    )
    try:
        return Explaining(shop, new, _MOST).answer(request, served)
    except ProblemError as error:
        raise UserError(error.detail) from error


def _print(answer: dict[str, Any]) -> None:
    from pipeline.runs.tables import render

    what = f" ({answer['description']})" if answer["description"] else ""
    console.say(f"Product {answer['product_id']}{what}")
    known = "" if answer["known_user"] else " (not seen before)"
    console.say(f"for user {answer['user_id']}{known}, model {answer['model_version']}:")
    console.say(f"{answer['verdict']['text']}.\n")
    signs = {True: "yes", False: "no", None: ""}
    rows = [(stage["stage"], signs[stage["passed"]], stage["text"]) for stage in answer["stages"]]
    console.say(render(("stage", "passed", "how"), rows))
    if answer["score"]:
        parts = answer["score"]["contributions"][:_SHOWN]
        difference = answer["score"]["score"] - answer["score"]["baseline"]
        console.say(
            f"\nThe ranker's score is {answer['score']['score']:.3f}, {difference:+.3f} to that of the mean "
            "candidate (Shapley values, largest first):"
        )
        figures = [(f"{part['contribution']:+.3f}", part["text"]) for part in parts]
        console.say(render(("gives", "figures"), figures, right=(0,)))
    if answer["changes"]:
        console.say("\nWhat would bring it in, the smallest change first (each was tried):")
        changes = [(change["text"], str(change["rank"])) for change in answer["changes"]]
        console.say(render(("change", "rank then"), changes, right=(1,)))
    for note in answer["notes"]:
        console.say(f"Note: {note}")

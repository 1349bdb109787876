"""Measures a pushed model of a work directory."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.markdown import NOTHING, table
from benchmarks.serving.clients import Client, at_rate, sustained
from benchmarks.serving.server import serving
from benchmarks.timing import in_turn
from serving.holder import Served
from serving.new_products import NewProducts
from serving.recommending import Recommending
from serving.requests import RecommendationRequest
from serving.shop import Shop
from serving.side_index import SideIndex

RATE = 50.0
"""Requests a second of the open loop."""
_NUM_CANDIDATES = 500


@dataclass(frozen=True)
class Figures:
    """What was measured; times in milliseconds.

    Attributes:
        num_products: Size of the catalogue.
        num_requests: Users who were asked for.
        model: p50 and p99 of the SavedModel alone, in process.
        answer: p50 and p99 of history, model and post-ranking, in process.
        plain: p50 and p99 of the plain way, in process.
        http: p50 and p99 over HTTP at 50 requests a second.
        refused: Requests of those that got no answer.
        per_second: Answers a second, eight clients.
        ready_seconds: From start to ready.
        resident_gb: Memory of the server in the end.
    """

    num_products: int
    num_requests: int
    model: tuple[float, float]
    answer: tuple[float, float]
    plain: tuple[float, float]
    http: tuple[float, float]
    refused: int
    per_second: float
    ready_seconds: float
    resident_gb: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(
    served: Callable[[], Served],
    shop: Shop,
    users: Sequence[str],
    workdir: Path,
    note: Callable[[str], None],
    num_requests: int,
    seconds: float,
    seed: int,
) -> Figures:
    """Measures in process first, then the server in a process of its own.

    Args:
        served: Loads the pushed model.
        shop: The product database.
        users: Users to ask for.
        workdir: The work directory that `towerline serve` reads.
        note: Told what begins.
        num_requests: Requests of each measurement.
        seconds: Length of the sustained load.
        seed: Chooses the users.
    """
    asked = random.Random(seed).choices(sorted(users), k=num_requests)
    note("In process …")
    loaded = served()
    answer, model, plain = _in_process(loaded, shop, asked, seed)
    note("Server …")
    with serving(workdir) as running:
        client = Client(running.port)
        for user in asked[:20]:
            client.ask(user)
        http, refused = at_rate(client, asked, RATE)
        note("Sustained load …")
        per_second = sustained(client, asked, seconds)
        memory = running.resident_gb()
    return Figures(
        num_products=loaded.model.num_products,
        num_requests=num_requests,
        model=_percentiles(model),
        answer=_percentiles(answer),
        plain=_percentiles(plain),
        http=_percentiles(http),
        refused=refused,
        per_second=per_second,
        ready_seconds=running.seconds,
        resident_gb=memory,
    )


def _in_process(
    served: Served, shop: Shop, users: Sequence[str], seed: int
) -> tuple[list[float], list[float], list[float]]:
    from benchmarks.serving.plain import plain_recommender

    recommending = Recommending(shop, NewProducts(SideIndex(None)))
    num_candidates = min(_NUM_CANDIDATES, served.model.num_products)
    plain = plain_recommender(sorted(set(users)), served.model.num_products, num_candidates, seed)
    queries = {
        user: shop.question(user, served.model.features, served.model.history_length)[0] for user in users
    }
    order = {name: iter([users[0], *users]) for name in ("answer", "model", "plain")}

    def ask(user: str) -> None:
        recommending.answer(RecommendationRequest(user_id=user, top_k=10, diversity=0.3), served)

    times = in_turn(
        {
            "answer": lambda: ask(next(order["answer"])),
            "model": lambda: served.model.recommend([queries[next(order["model"])]], 10, False),
            "plain": lambda: plain(next(order["plain"])),
        },
        len(users) + 1,
    )
    return times["answer"][1:], times["model"][1:], times["plain"][1:]  # the first traces


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


def markdown(figures: Figures, command: str) -> str:
    """The figures as a Markdown table, with the command that gives them."""
    both = {
        "model alone, in process": figures.model,
        "history, model and post-ranking, in process": figures.answer,
        "plain TFRS (two SavedModels, ids alone), in process": figures.plain,
        f"over HTTP at {RATE:.0f} requests/s": figures.http,
    }
    rows = [(name, f"{p50:.1f}", f"{p99:.1f}") for name, (p50, p99) in both.items()]
    ratio = [plain / own for plain, own in zip(figures.plain, figures.model, strict=True)]
    rows.append(("plain / model alone", f"{ratio[0]:.2f}×", f"{ratio[1]:.2f}×"))
    single = [
        ("requests without an answer at that rate", str(figures.refused), NOTHING),
        ("answers a second, eight clients", f"{figures.per_second:.0f}", NOTHING),
        ("start to ready, s", f"{figures.ready_seconds:.1f}", NOTHING),
        ("resident, GB", f"{figures.resident_gb:.2f}", NOTHING),
    ]
    head = (f"{figures.num_products:,} products, {figures.num_requests} requests", "p50, ms", "p99, ms")
    stamp = time.strftime("%Y-%m-%d")
    return f"```\n{command}\n```\n\n{table(head, [*rows, *single])}\n\nMeasured on {stamp}.\n"

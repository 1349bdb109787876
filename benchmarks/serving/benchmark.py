"""Measures a pushed model of a work directory."""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.markdown import NOTHING, table
from benchmarks.serving.clients import Client, at_rate, sustained
from benchmarks.serving.load import CROWDS, HEAD, Crowd, crowd, rows_of
from benchmarks.serving.server import Running
from benchmarks.timing import in_turn
from serving.database.shop import Shop
from serving.model.executors import SESSION
from serving.model.holder import Served
from serving.new_products.merging import NewProducts
from serving.new_products.side_index import SideIndex
from serving.recommend.recommending import Recommending
from serving.recommend.requests import RecommendationRequest

RATE = 50.0
"""Requests a second of the open loop."""
_NUM_CANDIDATES = 500
_ANSWER, _SESSION, _MODEL, _PLAIN = "answer", "session", "model", "plain"


@dataclass(frozen=True)
class Measurements:
    """What was measured; times in milliseconds.

    Attributes:
        num_products: Size of the catalogue.
        num_requests: Users who were asked for.
        executor: Who makes the lists: `kernel`, `kernel+finish` or `session`.
        without_kernel: Why the session answers everything; empty if the kernel answers.
        model: p50 and p99 of the model alone, in process.
        answer: p50 and p99 of history, model and post-ranking, in process.
        session: The same with the session in the place of the kernel.
        plain: p50 and p99 of the plain way, in process.
        processor: Processor time of a request, median: model, answer, session and plain. What other processes
            do on the machine lengthens the times, and this one hardly.
        http: p50 and p99 over HTTP at 50 requests a second.
        refused: Requests of those that got no answer.
        per_second: Answers a second, eight clients.
        crowds: What more and more clients got.
        ready_seconds: From start to ready.
        resident_gb: Memory of the server in the end.
    """

    num_products: int
    num_requests: int
    executor: str
    without_kernel: str
    model: tuple[float, float]
    answer: tuple[float, float]
    session: tuple[float, float]
    plain: tuple[float, float]
    processor: tuple[float, float, float, float]
    http: tuple[float, float]
    refused: int
    per_second: float
    crowds: tuple[Crowd, ...]
    ready_seconds: float
    resident_gb: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Load:
    """How much is asked.

    Attributes:
        num_requests: Requests of each measurement.
        seconds: Length of the sustained load, and of that of each crowd.
        seed: Chooses the users.
    """

    num_requests: int
    seconds: float
    seed: int


def measure(
    served: Callable[[bool], Served],
    shop: Shop,
    users: Sequence[str],
    server: Callable[[], AbstractContextManager[Running]],
    note: Callable[[str], None],
    load: Load,
) -> Measurements:
    """Measures in process first, then the server in a process of its own.

    Args:
        served: Loads the pushed model, with its kernel or without.
        shop: The product database.
        users: Users to ask for.
        server: Starts `towerline serve` on the same model and stops it at the end.
        note: Told what begins.
        load: How much is asked.
    """
    queried = random.Random(load.seed).choices(sorted(users), k=load.num_requests)
    note("In process …")
    loaded = served(True)
    executors = loaded.model.executors
    contestants = _contestants(loaded, served(False), shop, queried, load.seed)
    times, processor = in_turn(contestants, len(queried) + 1), _processor(contestants, len(queried) + 1)
    found = {name: _percentiles(seconds[1:]) for name, seconds in times.items()}  # the first traces
    note("Server …")
    with server() as running:
        client = Client(running.port)
        for user in queried[:20]:
            client.ask(user)
        http, refused = at_rate(client, queried, RATE)
        note("Sustained load …")
        per_second = sustained(client, queried, load.seconds)
        memory = running.resident_gb()
        note("More clients than it can answer …")
        crowds = tuple(crowd(running.port, queried, clients, load.seconds, load.seed) for clients in CROWDS)
    return Measurements(
        num_products=loaded.model.num_products,
        num_requests=load.num_requests,
        executor=executors.of_kernel if executors.kernel else SESSION,
        without_kernel=executors.without_kernel,
        model=found[_MODEL],
        answer=found[_ANSWER],
        session=found[_SESSION],
        plain=found[_PLAIN],
        processor=(processor[_MODEL], processor[_ANSWER], processor[_SESSION], processor[_PLAIN]),
        http=_percentiles(http),
        refused=refused,
        per_second=per_second,
        crowds=crowds,
        ready_seconds=running.seconds,
        resident_gb=memory,
    )


def _contestants(
    served: Served, by_session: Served, shop: Shop, users: Sequence[str], seed: int
) -> dict[str, Callable[[], object]]:
    """Each asks for the next user at each call."""
    from benchmarks.serving.plain import plain_recommender

    recommending = Recommending(shop, NewProducts(SideIndex(None)))
    num_candidates = min(_NUM_CANDIDATES, served.model.num_products)
    plain = plain_recommender(sorted(set(users)), served.model.num_products, num_candidates, seed)
    queries = {
        user: shop.question(user, served.model.features, served.model.history_length)[0] for user in users
    }
    order = {name: itertools.cycle(users) for name in (_ANSWER, _SESSION, _MODEL, _PLAIN)}

    def answer(name: str, of: Served) -> object:
        request = RecommendationRequest(user_id=next(order[name]), top_k=10, diversity=0.3)
        return recommending.answer(request, of)

    return {
        _ANSWER: lambda: answer(_ANSWER, served),
        _SESSION: lambda: answer(_SESSION, by_session),
        _MODEL: lambda: served.model.recommend([queries[next(order[_MODEL])]], 10, False),
        _PLAIN: lambda: plain(next(order[_PLAIN])),
    }


def _processor(contestants: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median milliseconds of processor time of a call, of all threads of this process."""
    spent: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, call in contestants.items():
            start = time.process_time()
            call()
            spent[name].append(time.process_time() - start)
    return {name: statistics.median(seconds) * 1000 for name, seconds in spent.items()}


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


def markdown(measured: Measurements, command: str) -> str:
    """The measurements as a Markdown table, with the command that gives them."""
    both = {
        "model alone, in process": measured.model,
        "history, model and post-ranking, in process": measured.answer,
        "the same by the session alone": measured.session,
        "plain TFRS (two SavedModels, ids alone), in process": measured.plain,
        f"over HTTP at {RATE:.0f} requests/s": measured.http,
    }
    rows = [(name, f"{p50:.1f}", f"{p99:.1f}") for name, (p50, p99) in both.items()]
    for name, own in (("model alone", measured.model), ("the whole answer", measured.answer)):
        ratio = [plain / ours for plain, ours in zip(measured.plain, own, strict=True)]
        rows.append((f"plain / {name}", f"{ratio[0]:.2f}×", f"{ratio[1]:.2f}×"))
    shown = " / ".join(f"{milliseconds:.1f}" for milliseconds in measured.processor)
    rows.append(("processor time: model / whole answer / by the session / plain", shown, NOTHING))
    why = f" ({measured.without_kernel})" if measured.without_kernel else ""
    rows.append(("lists are made by", measured.executor + why, NOTHING))
    single = [
        ("requests without an answer at that rate", str(measured.refused), NOTHING),
        ("answers a second, eight clients", f"{measured.per_second:.0f}", NOTHING),
        ("start to ready, s", f"{measured.ready_seconds:.1f}", NOTHING),
        ("resident, GB", f"{measured.resident_gb:.2f}", NOTHING),
    ]
    head = (f"{measured.num_products:,} products, {measured.num_requests} requests", "p50, ms", "p99, ms")
    stamp = time.strftime("%Y-%m-%d")
    tables = f"{table(head, [*rows, *single])}\n\n{table(HEAD, rows_of(measured.crowds))}"
    return f"```\n{command}\n```\n\n{tables}\n\nMeasured on {stamp}.\n"

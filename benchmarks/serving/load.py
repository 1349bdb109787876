"""More clients than the server can answer: who is refused, how soon, and how long the others wait."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.markdown import NOTHING
from benchmarks.timing import percentile

CROWDS: Final = (8, 64, 512)
"""Clients at a time."""
_SPREAD_SECONDS: Final = 1.0
"""Within which they begin."""
HEAD: Final = (
    *("clients", "accepted", "refused", "late", "lost"),
    *("accepted, p50 / p99 ms", "refused, p50 / p99 ms"),
)


@dataclass(frozen=True)
class Crowd:
    """What so many clients got, each of which asks again as soon as it has its answer.

    Attributes:
        clients: At a time.
        accepted: Requests that got a list.
        refused: Requests that got 429; their clients wait as long as `Retry-After` says.
        late: Of those with a list, the ones whose time was over: popular products.
        lost: Requests with another answer or none.
        accepted_ms: p50 and p99 of the accepted; None if there are none.
        refused_ms: The same of the refused.
    """

    clients: int
    accepted: int
    refused: int
    late: int
    lost: int
    accepted_ms: tuple[float, float] | None
    refused_ms: tuple[float, float] | None


@dataclass
class _Found:
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    late: int = 0
    lost: int = 0


def crowd(port: int, users: Sequence[str], clients: int, seconds: float, seed: int) -> Crowd:
    """Has so many clients ask for some time.

    Args:
        port: Of the server on this machine.
        users: Users to ask for.
        clients: At a time, a connection each.
        seconds: After which none asks again.
        seed: Chooses users and when clients begin.
    """
    return asyncio.run(_crowd(port, users, clients, seconds, random.Random(seed)))


async def _crowd(port: int, users: Sequence[str], clients: int, seconds: float, rng: random.Random) -> Crowd:
    found, until = _Found(), time.perf_counter() + _SPREAD_SECONDS + seconds

    async def client(wait: float, first: int) -> None:
        await asyncio.sleep(wait)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(first, first + 10**9):
            if time.perf_counter() > until:
                break
            await asyncio.sleep(await _ask(reader, writer, users[number % len(users)], found))
        writer.close()

    begun = [(rng.random() * _SPREAD_SECONDS, rng.randrange(len(users))) for _ in range(clients)]
    done = await asyncio.gather(*(client(*how) for how in begun), return_exceptions=True)
    found.lost += sum(isinstance(result, Exception) for result in done)
    return Crowd(
        clients,
        len(found.accepted),
        len(found.refused),
        found.late,
        found.lost,
        _percentiles(found.accepted),
        _percentiles(found.refused),
    )


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: str, found: _Found) -> float:
    """One request; the seconds to wait before the next."""
    body = json.dumps({"user_id": user, "top_k": 10, "diversity": 0.3}).encode()
    started = time.perf_counter()
    writer.write(
        b"POST /v1/recommendations HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(body), body)
    )
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    answer = await reader.readexactly(int(headers["content-length"]))
    took, status = time.perf_counter() - started, int(head.split(" ", 2)[1])
    if status == 429:
        found.refused.append(took)
        return float(headers["retry-after"])
    if status != 200:
        found.lost += 1
        return 0.0
    found.accepted.append(took)
    found.late += str(json.loads(answer).get("fallback", "")).startswith("popular")
    return 0.0


def rows_of(crowds: Sequence[Crowd]) -> list[tuple[str, ...]]:
    """A row of `HEAD` for each."""
    return [
        (
            f"{one.clients}",
            *(f"{count:,}" for count in (one.accepted, one.refused, one.late, one.lost)),
            *(NOTHING if both is None else f"{both[0]:.1f} / {both[1]:.1f}" for both in _times(one)),
        )
        for one in crowds
    ]


def _times(one: Crowd) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    return one.accepted_ms, one.refused_ms


def _percentiles(seconds: Sequence[float]) -> tuple[float, float] | None:
    return (1000 * percentile(seconds, 50), 1000 * percentile(seconds, 99)) if seconds else None

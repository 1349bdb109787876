"""The bounded queue."""

import asyncio
import threading
import time

import pytest

from serving.http.workers import Workers
from serving.problems import ProblemError


def test_who_comes_when_the_queue_is_full_is_told_and_there_is_room_again_afterwards():
    async def play():
        workers, gate = Workers(num_workers=1, most_waiting=1), threading.Event()
        first = asyncio.create_task(workers.run(gate.wait))
        second = asyncio.create_task(workers.run(lambda: "second"))
        await asyncio.sleep(0)
        assert workers.in_hand == 2
        with pytest.raises(ProblemError) as refused:
            await workers.run(lambda: "third")
        assert refused.value.status == 429 and refused.value.headers == {"Retry-After": "1"}
        gate.set()
        assert await first is True and await second == "second"
        assert await workers.run(lambda: "fourth") == "fourth"
        workers.close()

    asyncio.run(play())


def test_work_that_is_given_up_counts_until_it_has_ended():
    async def play():
        workers, gate = Workers(num_workers=1, most_waiting=0), threading.Event()
        with pytest.raises(TimeoutError):
            await workers.run(gate.wait, seconds=0.01)
        assert workers.in_hand == 1
        gate.set()
        until = time.monotonic() + 10
        while workers.in_hand and time.monotonic() < until:
            await asyncio.sleep(0.01)
        assert await workers.run(lambda: 5) == 5
        workers.close()

    asyncio.run(play())


@pytest.mark.parametrize("way", ["its time is over", "the client has gone"])
def test_work_that_is_given_up_before_it_has_begun_makes_room_and_is_never_done(way):
    async def play():
        workers, gate, done = Workers(num_workers=1, most_waiting=1), threading.Event(), []
        first = asyncio.create_task(workers.run(gate.wait))
        await asyncio.sleep(0)
        if way == "its time is over":
            with pytest.raises(TimeoutError):
                await workers.run(lambda: done.append("second"), seconds=0.01)
        else:
            second = asyncio.create_task(workers.run(lambda: done.append("second")))
            await asyncio.sleep(0.01)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
        assert workers.in_hand == 1
        third = asyncio.create_task(workers.run(lambda: done.append("third")))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(first, third)
        assert done == ["third"]
        workers.close()

    asyncio.run(play())


def test_an_error_of_the_work_comes_to_who_asked():
    async def play():
        workers = Workers(1, 1)
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 / 0)
        assert workers.in_hand == 0
        workers.close()

    asyncio.run(play())


def test_every_thread_is_prepared_once_and_nothing_waits_for_it():
    async def play():
        workers, gate, prepared = Workers(num_workers=3, most_waiting=0), threading.Event(), []

        def work():
            gate.wait()
            prepared.append(threading.get_ident())

        workers.prepare(work)
        assert prepared == [] and workers.in_hand == 0
        gate.set()
        answering = await asyncio.gather(*(workers.run(threading.get_ident) for _ in range(3)))
        workers.close()
        assert len(set(prepared)) == len(prepared) == 3 and set(answering) <= set(prepared)

    asyncio.run(play())

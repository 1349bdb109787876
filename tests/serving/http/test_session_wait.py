"""Requests that need the session while it is being loaded."""

import asyncio
import threading
from concurrent.futures import Future

import pytest

from serving.http.session_wait import SessionWait
from serving.http.workers import Workers
from serving.model.session import SessionNotLoadedError
from serving.problems import ProblemError


@pytest.fixture
def workers():
    found = Workers(1, 4)
    yield found
    found.close()


class Model:
    """Answers when its session is loaded, and says so before that."""

    def __init__(self):
        self.loaded, self.asked = Future(), 0

    def answer(self):
        self.asked += 1
        if not self.loaded.done():
            raise SessionNotLoadedError(self.loaded)
        return "an answer"


def run(coroutine):
    return asyncio.run(coroutine)


def test_who_needs_no_session_does_not_wait(workers):
    assert run(SessionWait(workers, 1).run(lambda: 5)) == 5


def test_who_needs_it_is_answered_when_it_is_there_and_holds_no_worker(workers):
    model, waiting = Model(), SessionWait(workers, 4)

    async def both():
        slow = asyncio.create_task(waiting.run(model.answer))
        while not model.asked:
            await asyncio.sleep(0)
        quick = await waiting.run(lambda: "a list")  # by the only worker that there is
        assert workers.in_hand == 0 and not slow.done()
        threading.Thread(target=model.loaded.set_result, args=(None,)).start()
        return quick, await slow

    assert run(both()) == ("a list", "an answer") and model.asked == 2


def test_who_has_waited_long_enough_is_told(workers):
    with pytest.raises(ProblemError, match="still being loaded") as told:
        run(SessionWait(workers, 4, most_seconds=0.01).run(Model().answer))
    assert told.value.status == 503 and told.value.headers == {"Retry-After": "5"}


def test_the_time_of_a_request_counts_while_it_waits(workers):
    with pytest.raises(TimeoutError):
        run(SessionWait(workers, 4).run(Model().answer, seconds=0.01))


def test_a_session_that_cannot_be_loaded_is_told(workers):
    model = Model()
    model.loaded.set_exception(OSError("no such file"))
    model.answer = lambda: (_ for _ in ()).throw(SessionNotLoadedError(model.loaded))
    with pytest.raises(ProblemError, match="could not be loaded") as told:
        run(SessionWait(workers, 4).run(model.answer))
    assert told.value.status == 503


def test_no_more_wait_than_may(workers):
    model, waiting = Model(), SessionWait(workers, 1)

    async def two():
        first = asyncio.create_task(waiting.run(model.answer))
        while not model.asked:
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError, match="Too many requests wait") as told:
            await waiting.run(model.answer)
        model.loaded.set_result(None)
        return told.value.status, await first

    assert run(two()) == (429, "an answer")

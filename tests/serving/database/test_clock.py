"""The remembered moment."""

import threading
import time

import pytest

from schema.errors import UserError
from serving.database.clock import Clock


def until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    assert condition()


def test_an_answer_is_remembered():
    asked = []
    clock = Clock(lambda: asked.append(1) or 7, seconds=3600)
    assert (clock.now(), clock.now()) == (7, 7) and len(asked) == 1


def test_the_old_moment_is_given_while_the_new_one_is_read_once():
    gate, moments, readers = threading.Event(), iter((1, 2)), []

    def read():
        readers.append(threading.current_thread())
        moment = next(moments)
        if moment > 1:
            gate.wait(10)
        return moment

    clock = Clock(read, seconds=0)
    assert clock.now() == 1 and readers == [threading.current_thread()]
    assert [clock.now() for _ in range(3)] == [1, 1, 1]
    gate.set()
    until(lambda: clock._known[1] == 2)
    assert len(readers) == 2 and readers[1] is not threading.current_thread()


def test_whoever_asks_after_a_failure_is_told_of_it_and_then_it_goes_on():
    away, failures = threading.Event(), []

    def read():
        if away.is_set():
            failures.append(1)
            raise UserError("away")
        return 3

    with pytest.raises(UserError):
        away.set()
        Clock(read, seconds=0).now()
    away.clear()
    clock = Clock(read, seconds=0)
    assert clock.now() == 3
    away.set()
    assert clock.now() == 3
    until(lambda: len(failures) == 2)
    until(lambda: clock._known is None)
    with pytest.raises(UserError, match="away"):
        clock.now()
    away.clear()
    assert clock.now() == 3

"""What Beam says of a process that has ended, and who is woken by it."""

import os
import signal
import threading
import time

import pytest

from pipeline.runs.dead_workers import ended_by_dead_workers, signal_of
from schema.errors import UserError


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Worker subprocess exited with return code -9", 9),
        ("Worker subprocess exited with return code 137", 9),
        ("Worker subprocess exited with return code 139", 11),
        ("Worker subprocess exited with return code 1", 0),
        ("connection reset", 0),
    ],
)
def test_a_signal_is_told_from_an_error(message, number):
    assert signal_of(message) == number


def watch(name, code):
    """A thread that ends as Beam's do when their process has ended with a code."""

    def ends():
        time.sleep(0.2)
        raise RuntimeError(f"Worker subprocess exited with return code {code}")

    thread = threading.Thread(target=ends, name=name)
    thread.start()
    return thread


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_main_thread_is_woken_out_of_waiting():
    told = pytest.raises(UserError, match=r"ended by signal 9 .*lower `--direct_num_workers`")
    with told, ended_by_dead_workers():
        watch("run_worker", 137)
        threading.Event().wait(60)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(("name", "code"), [("run_worker", 1), ("another", 137)])
def test_other_ends_wake_nobody(name, code):
    with ended_by_dead_workers():
        watch(name, code).join()
        assert not threading.Event().wait(0.1)


def test_what_was_there_before_is_put_back():
    told, before = threading.excepthook, signal.getsignal(signal.SIGUSR1)
    with ended_by_dead_workers():
        assert threading.excepthook is not told
        os.kill(os.getpid(), signal.SIGUSR1)  # of somebody else: nothing has died
    assert (threading.excepthook, signal.getsignal(signal.SIGUSR1)) == (told, before)


def test_in_another_thread_nothing_is_done():
    found = []

    def inside():
        told = threading.excepthook
        with ended_by_dead_workers():
            found.append(threading.excepthook is told)

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [True]

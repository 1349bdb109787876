"""What is no kernel, or a kernel of other tables, is refused in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kernel.description import KernelError
from kernel.library import ANSWERED, Answer, Library, Request, source_digest


def test_sound_tables_are_opened(library, synthetic):
    assert library.open(*synthetic()) is not None


def test_helpers_threads_and_forks_change_no_list(library):
    from kernel.library import BUILT

    script = Path(__file__).with_name("threads.py")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(script), str(BUILT)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    compared, different = map(int, done.stdout.split())
    assert compared == 40 and different == 0


def test_the_ranked_candidates_are_those_of_the_list(library, synthetic):
    arrays, settings = synthetic()
    opened = library.open(arrays, settings | {"new_step": 0})
    history = [np.arange(9, dtype=np.int32), np.arange(9) * 86_400, np.zeros(9, np.int32)]
    hidden, size = np.zeros(len(arrays["hidden"]), np.uint8), settings["num_candidates"]

    def answer(only_ranks):
        found = {name: np.empty(size, dtype) for name, dtype in ANSWERED}
        pointers = [values.ctypes.data for values in history]
        shown = (hidden.ctypes.data, arrays["fill"].ctypes.data, len(arrays["fill"]))
        request = Request(9, size, 0, 0.0, *pointers, 3, 10**7, None, None, *shown, None, -1, 0, only_ranks)
        given = Answer(0, *(values.ctypes.data for values in found.values()))
        assert opened.recommend(request, given) and given.count == size
        return found

    ranked, listed = answer(1), answer(0)
    order = np.argsort(-ranked["score"], kind="stable")
    for name, values in listed.items():
        if name != "neighbour_of":  # which is told of lists alone
            np.testing.assert_array_equal(values, ranked[name][order], err_msg=name)


def test_a_library_that_is_not_there(tmp_path):
    with pytest.raises(KernelError, match="not built here"):
        Library(tmp_path / "none.so")


def test_a_file_that_is_no_library(tmp_path):
    (tmp_path / "some.so").write_text(source_digest())
    with pytest.raises(KernelError, match="does not load"):
        Library(tmp_path / "some.so")


def test_a_library_of_another_source(monkeypatch, library):
    monkeypatch.setattr("kernel.library.source_digest", lambda: "0" * 16)
    with pytest.raises(KernelError, match="of another source"):
        Library()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("popular", lambda values: None, "`popular` is missing"),
        ("popular", lambda values: values + 60, "names something that is not there"),
        ("ease.others", lambda values: values - 50, "names something that is not there"),
        ("statistics", lambda values: values[:-1], "another number of rows"),
        ("embeddings", lambda values: values.astype(np.int32), "another type or rank"),
        ("embeddings", lambda values: values * np.float32(np.nan), "not finite"),
        ("ranker.mean", lambda values: values[1:], "another number of rows"),
        ("ranker.score", lambda values: values.astype(np.float16), "another type or rank"),
    ],
)
def test_tables_that_do_not_fit(library, synthetic, name, change, message):
    arrays, settings = synthetic()
    changed = change(arrays.pop(name))
    if changed is not None:
        arrays[name] = np.ascontiguousarray(changed)
    with pytest.raises(KernelError, match=message):
        library.open(arrays, settings)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_candidates": 61}, "out of its range"),
        ({"horizon": -1}, "out of its range"),
        ({"quotas": [0] * 8}, "quota is not positive"),
        ({"head": "many"}, "setting `head` is damaged"),
        ({"other": 1}, "not those of this kernel: .'other'."),
    ],
)
def test_settings_that_do_not_fit(library, synthetic, values, message):
    arrays, settings = synthetic()
    with pytest.raises(KernelError, match=message):
        library.open(arrays, settings | values)

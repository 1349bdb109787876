"""What TFX and its friends write never reaches the terminal, not even from loggers that outlive the run."""

import os
import subprocess
import sys

import pytest

from pipeline.terminal.capture import quiet_stderr
from schema.errors import UserError

CODE = """
import logging, os, sys
from pathlib import Path
from pipeline.terminal.capture import captured

first, second = Path(sys.argv[1]), Path(sys.argv[2])
with captured(first) as terminal:
    from absl import logging as absl_logging
    logging.warning("root within")
    absl_logging.warning("absl within")
    os.write(2, b"C++ within\\n")
    terminal.out.write("shown\\n")
logging.warning("root after")
absl_logging.warning("absl after")
with captured(second):
    logging.warning("root again")
    absl_logging.warning("absl again")
logging.warning("root at the end")
sys.stderr.write("ours\\n")
"""


def test_loggers_that_were_set_up_within_go_on_writing_to_the_log(tmp_path):
    logs = tmp_path / "first.log", tmp_path / "second.log"
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, logs)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("shown\n", "ours\n")
    first, second = (log.read_text() for log in logs)
    for text in ("root within", "absl within", "C++ within", "root after", "absl after"):
        assert text in first and text not in second
    for text in ("root again", "absl again", "root at the end"):
        assert text in second and text not in first


@pytest.mark.parametrize(("error", "shown"), [(UserError, b""), (ValueError, b"C++ says\n")])
def test_what_is_held_back_is_shown_if_it_may_explain_a_failure(capfdbinary, error, shown):
    with pytest.raises(error), quiet_stderr():
        os.write(2, b"C++ says\n")
        raise error
    assert capfdbinary.readouterr().err == shown


def test_what_is_held_back_stays_so_without_a_failure(capfdbinary):
    with quiet_stderr():
        os.write(2, b"C++ says\n")
    assert capfdbinary.readouterr().err == b""

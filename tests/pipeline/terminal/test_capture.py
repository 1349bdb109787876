"""What TFX and its friends write never reaches the terminal, not even from loggers that outlive the run."""

import subprocess
import sys

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

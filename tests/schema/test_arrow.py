"""Arrow does not import pandas by itself, and still gives data frames."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from schema.arrow import import_arrow

pa = import_arrow()
assert pa.array(["a"]).to_pylist() == ["a"]
import pyarrow.dataset
assert "pandas" not in sys.modules
frame = pa.table({"a": [1, 2]}).to_pandas()
assert list(frame["a"]) == [1, 2] and pa.Table.from_pandas(frame)["a"].to_pylist() == [1, 2]
import_arrow()
"""


def test_pandas_waits_until_somebody_wants_a_data_frame():
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

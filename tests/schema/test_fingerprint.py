from __future__ import annotations

import pyarrow as pa
import pytest

from schema.fingerprint import Fingerprint

ROWS = {
    "id": ["a", "b", None, "", "é"],
    "n": [1, None, 0, 4, 5],
    "x": [0.5, None, 0.0, 1.5, 2.5],
    "v": [[1.0, 2.0], None, [], [3.0, 4.0], [5.0, 6.0]],
}


def digest(rows, cuts=(), extra="", name="t"):
    table = pa.table(rows)
    fingerprint = Fingerprint()
    for start, end in zip((0, *cuts), (*cuts, table.num_rows), strict=True):
        fingerprint.update(name, table.slice(start, end - start))
    return fingerprint.hexdigest(extra)


@pytest.mark.parametrize("cuts", [(1,), (2, 3), (1, 2, 3, 4)])
def test_batches_leave_no_trace(cuts):
    assert digest(ROWS, cuts) == digest(ROWS)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ["a", "b", "", "", "é"]},
        {"id": ["ab", "", None, "", "é"]},
        {"id": ["b", "a", None, "", "é"]},
        {"n": [1, 0, 0, 4, 5]},
        {"x": [0.5, None, 0.0, 1.5, 2.25]},
        {"v": [[1.0], [2.0], [], [3.0, 4.0], [5.0, 6.0]]},
        {"v": [[1.0, 2.0], [], [], [3.0, 4.0], [5.0, 6.0]]},
    ],
)
def test_every_change_shows(change):
    assert digest({**ROWS, **change}) != digest(ROWS)


def test_names_and_the_mapping_count():
    assert digest(ROWS, name="u") != digest(ROWS)
    assert digest(ROWS, extra="other") != digest(ROWS)
    renamed = {"m" if key == "n" else key: value for key, value in ROWS.items()}
    assert digest(renamed) != digest(ROWS)

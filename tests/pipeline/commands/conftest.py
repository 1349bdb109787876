"""A work directory in which a stand-in for a model was pushed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FEATURES = {
    "users": [{"name": "colour_liked", "kind": "category"}, {"name": "age", "kind": "number"}],
    "products": [{"name": "colour", "kind": "category"}, {"name": "title", "kind": "text"}],
}


@pytest.fixture(scope="session")
def workdir(tmp_path_factory):
    """Its newest version is 9; what was pushed as 7 is empty."""
    sys.path.insert(0, str(Path(__file__).parent))
    from stand_in import write_stand_in

    sys.path.remove(str(Path(__file__).parent))
    folder = tmp_path_factory.mktemp("served")
    (folder / "serving" / "7").mkdir(parents=True)
    (folder / "serving" / "9").mkdir()
    write_stand_in(folder / "serving" / "9", [f"p{number}" for number in range(20)], FEATURES)
    return folder

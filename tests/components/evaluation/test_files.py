"""Files are whole or absent."""

import json

import pytest

from components.evaluation.files import whole_file, write_json


def test_json_keeps_any_text_and_replaces_what_was_there(tmp_path):
    for content in ({"a": 1}, {"ü": "'x'"}):
        write_json(tmp_path / "new" / "file.json", content)
        assert json.loads((tmp_path / "new" / "file.json").read_text("utf-8")) == content
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.json"]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("before")
    with pytest.raises(RuntimeError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "before"
    assert [found.name for found in tmp_path.iterdir()] == ["file.json"]


def test_nan_is_no_json(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "file.json", float("nan"))
    assert list(tmp_path.iterdir()) == []

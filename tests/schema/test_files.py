"""Files are whole or absent."""

import json
import os
from pathlib import Path

import pytest

from schema.files import whole_file, write_json, write_text


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


def test_a_private_file_is_for_its_owner_alone_from_the_beginning(tmp_path):
    path = tmp_path / "secret"
    path.write_text("readable")
    with whole_file(path, is_private=True) as temporary:
        assert temporary.stat().st_mode & 0o777 == 0o600
        temporary.write_text("hidden")
    assert path.read_text() == "hidden" and path.stat().st_mode & 0o777 == 0o600


def test_the_content_is_on_the_disk_before_the_name_is_taken(tmp_path, monkeypatch):
    path, order = tmp_path / "file", []
    real_sync, real_replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("sync"), real_sync(handle)))
    monkeypatch.setattr(Path, "replace", lambda a, b: (order.append("replace"), real_replace(a, b)))
    write_text(path, "ü")
    assert order == ["sync", "replace"] and path.read_bytes() == b"\xc3\xbc"


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]

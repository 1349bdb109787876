"""The session of a version: who loads it, and what it hides."""

import threading
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from serving.model import signatures as loading
from serving.model.session import Session

IDS = pa.array(["a", "b", "c"])


class Tables(dict):
    """Keeps what is put into the tables of a loaded model."""

    def stored(self, name):
        return self[name]

    def put(self, values):
        self.update(values)


class Loading:
    """Stands for the loader of SavedModels: each load waits until it may end."""

    def __init__(self):
        self.loads, self.may_end = [], threading.Event()
        self.tables = Tables({"sources/hidden": np.zeros(3, np.bool_)})
        self.fails = False

    def __call__(self, folder, one_thread, only, without=()):
        self.loads.append(tuple(only))
        assert self.may_end.wait(30)
        if self.fails:
            raise OSError("no such file")
        return SimpleNamespace(signatures={"list": "a list"}, tables=self.tables, left_out=())


@pytest.fixture
def loader(monkeypatch):
    found = Loading()
    monkeypatch.setattr(loading, "load_model", found)
    return found


@pytest.fixture
def session(loader, tmp_path):
    return Session(tmp_path, True, (), ())


def test_it_is_loaded_behind_once_however_many_need_it(session, loader, caplog):
    caplog.set_level("INFO", "towerline.serving")
    prepared = []
    first = session.load_behind("`similar` is asked", lambda: prepared.append(session.is_warm))
    assert session.load_behind("`search` is asked", lambda: prepared.append("again")) is first
    assert not session.is_loaded and not first.done()
    loader.may_end.set()
    first.result(30)
    assert session.is_warm and prepared == [False] and loader.loads == [()]
    assert session.load()["list"] == "a list" and loader.loads == [()]
    assert "TensorFlow is loaded for version" in caplog.text and "`similar` is asked" in caplog.text


def test_one_that_cannot_be_loaded_says_so_to_everybody(session, loader):
    loader.fails = True
    loader.may_end.set()
    found = session.load_behind("`similar` is asked", lambda: None)
    with pytest.raises(OSError, match="no such file"):
        found.result(30)
    assert not session.is_warm and session.load_behind("again", lambda: None) is found


def test_what_is_hidden_while_it_is_loaded_is_hidden_in_it(session, loader):
    session.hide(np.array([True, False, False]), IDS)
    found = session.load_behind("`similar` is asked", lambda: None)
    session.hide(np.array([False, True, False]), IDS)  # nobody waits for the load
    assert not found.done()
    loader.may_end.set()
    found.result(30)
    assert loader.tables["sources/hidden"].tolist() == [False, True, False]
    session.hide(np.array([False, False, True]), IDS)
    assert loader.tables["sources/hidden"].tolist() == [False, False, True]

"""Signatures that are loaded by the first who asks."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from schema import names
from schema.served.request import Query
from serving.model import signatures as loading
from serving.model.late import LateSignatures
from serving.model.pushed_model import PushedModel
from serving.model.tracing import TraceSubject, WhatIf, trace


def test_a_late_signature_is_loaded_once_however_many_ask():
    loads, at_once = [], threading.Barrier(4)

    def load(name):
        loads.append(name)
        return SimpleNamespace(signatures={name: f"{name} loaded"})

    found = LateSignatures(SimpleNamespace(signatures={"list": "there"}), ("why",), load)
    assert set(found) == {"list", "why"} and len(found) == 2
    assert "why" in found and "nothing" not in found and found["list"] == "there" and loads == []
    with pytest.raises(KeyError):
        found["nothing"]

    def ask(_):
        at_once.wait()
        return found["why"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["why loaded"] * 4
    assert loads == ["why"]


def test_what_is_loaded_is_prepared_before_anybody_is_answered():
    told = []
    found = LateSignatures(
        SimpleNamespace(signatures={}), ("why",), lambda name: SimpleNamespace(signatures={name: 1})
    )
    found.when_loaded = lambda loaded: told.append(loaded.signatures)
    assert told == []
    assert found["why"] == 1 and found["why"] == 1 and told == [{"why": 1}]


@pytest.fixture
def model(pushed, monkeypatch):
    """The pushed model, which loads `explain` late, and what was loaded."""
    loads, load_model = [], loading.load_model
    monkeypatch.setattr(loading, "load_model", lambda *given: loads.append(given[2]) or load_model(*given))
    return PushedModel(pushed.directory, late=(names.EXPLAIN,)), loads


def test_the_model_answers_lists_without_it_and_hides_in_it_too(model):
    late, loads = model
    assert names.EXPLAIN in late.signatures and names.RECOMMEND in late.signatures and loads == [()]
    ids = [product_id.as_py() for product_id in late.catalogue.product_ids]
    subject = TraceSubject(Query("", 1), ids[3], False)

    def is_hidden():
        return trace(late, subject, None, WhatIf()).flag("is_hidden")

    late.hide(np.arange(len(ids)) == 3)
    assert loads == [()] and late.is_hidden(ids[3])
    assert is_hidden() and loads == [(), (names.EXPLAIN,)]
    late.hide(np.arange(len(ids)) == 5)
    assert not is_hidden()
    late.hide(np.arange(len(ids)) == 3)
    assert is_hidden() and len(loads) == 2

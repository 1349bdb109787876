"""What post-ranking reads of the ranker's evidence."""

from __future__ import annotations

import json

import pytest

from components.recommender_assembler.ranking_evidence import ProvenGain, read_evidence
from schema import names
from schema.served.candidate_features import SHARES


def write(directory, everything=(0.0, 0.0), new=(0.0, 0.0)):
    everything, new = (dict(zip(("mean", "error"), pair, strict=True)) for pair in (everything, new))
    content = {
        "anchor": {"name": "own_frequency", "popularity": "share_half"},
        "choice": {"gains": [{"everything": everything, "new": new}, {}]},
    }
    path = directory / names.RANKING_EVIDENCE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return read_evidence(str(directory))


def test_the_gain_is_what_is_left_of_it_after_a_standard_error(tmp_path):
    found = write(tmp_path, everything=(0.04, 0.01), new=(0.3, 0.05))
    assert found.proven.everything == pytest.approx(0.03)
    assert found.proven.new == pytest.approx(0.25)
    assert SHARES[found.horizon] == "share_half" and found.anchor == "own_frequency"


def test_a_gain_within_its_error_is_none(tmp_path):
    assert write(tmp_path, everything=(0.01, 0.02)).proven == ProvenGain(0.0, 0.0)

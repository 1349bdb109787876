"""What post-ranking reads of the ranker's evidence."""

from __future__ import annotations

import json

import pytest

from components.recommender_assembler.assembly import read_evidence
from schema import names
from schema.candidate_features import SHARES


def write(directory, strength, gain=0.04, error=0.01):
    content = {
        "anchor": {"name": "own_frequency", "popularity": "share_half"},
        "choice": {"strength": [strength, 0.0], "gain": [gain, 0.0], "standard_error": [error, 0.0]},
    }
    path = directory / names.RANKING_EVIDENCE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(content))
    return read_evidence(str(directory))


def test_the_gain_is_what_is_left_of_it_after_a_standard_error(tmp_path):
    found = write(tmp_path, 1.0)
    assert found.proven_gain == pytest.approx(0.03)
    assert SHARES[found.horizon] == "share_half"


def test_without_a_correction_nothing_is_gained(tmp_path):
    assert write(tmp_path, 0.0).proven_gain == 0.0


def test_a_gain_within_its_error_is_none(tmp_path):
    assert write(tmp_path, 0.5, gain=0.01, error=0.02).proven_gain == 0.0

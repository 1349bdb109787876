from __future__ import annotations

import pytest

from benchmarks.evaluation.__main__ import main
from benchmarks.evaluation.report import agreement


def test_the_command_prints_times_a_ratio_and_the_agreement(capsys):
    assert main(["--users", "12", "--products", "200", "--targets", "4", "--dim", "8", "--rounds", "1"]) == 0
    output = capsys.readouterr().out
    assert "12 users" in output
    assert "| FactorizedTopK, BruteForce |" in output
    assert "BruteForce agree" in output
    assert "| ndcg@10" in output


@pytest.mark.parametrize(("theirs", "verdict"), [([0.1, 0.200001], " agree:"), ([0.1, 0.21], " DISAGREE:")])
def test_accuracies_that_differ_are_called_so(theirs, verdict):
    assert verdict in agreement([0.1, 0.2], {"the other": theirs})

"""One verdict for every condition of every node."""

import pytest

from components.evaluation.verdicts import Verdict, at_least, at_most, failures, refuse
from schema.errors import PipelineRefusedError

GOOD = at_least("size", 5, 5, "There are 5.", "more")
BAD = at_most("share", 0.5, 0.4, "Half of it is wrong.", "remove it.")
WARNING = Verdict("gaps", False, 2.0, 0.0, "Two days are missing.", critical=False)


def test_both_ends_are_accepted():
    assert GOOD.passed and at_most("share", 0.4, 0.4, "", "").passed
    assert not at_least("size", 4, 5, "", "").passed


def test_the_remedy_is_told_only_where_it_is_needed():
    assert GOOD.sentence == "There are 5."
    assert BAD.sentence == "Half of it is wrong. Remedy: remove it."


def test_only_a_critical_failure_stops():
    assert [verdict.stops for verdict in (GOOD, BAD, WARNING)] == [False, True, False]
    assert failures([GOOD, BAD, WARNING]) == [BAD.sentence]
    refuse([GOOD, WARNING])
    with pytest.raises(PipelineRefusedError, match=r"^The data is not valid\. Half of it is wrong"):
        refuse([GOOD, BAD], "The data is not valid.")


def test_as_files_have_them():
    assert GOOD.as_check() == {
        "name": "size",
        "passed": True,
        "measured": 5.0,
        "threshold": 5.0,
        "sentence": "There are 5.",
        "critical": True,
    }
    assert set(BAD.as_gate()) == {"name", "passed", "measured", "threshold", "detail"}

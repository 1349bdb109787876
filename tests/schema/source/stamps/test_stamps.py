from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from schema.errors import UserError
from schema.source.stamps.stamps import blanks, epoch_seconds, without_blanks


def seconds(values, kind=None):
    return epoch_seconds(pa.array(values, kind), "events", "occurred_at").to_pylist()


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2017-01-01", 1483228800),
        ("2017-01-01T10:30", 1483266600),
        ("2017-01-01 10:30:05", 1483266605),
        ("2017-01-01T10:30:05Z", 1483266605),
        ("2017-01-01T10:30:05.999Z", 1483266605),
        ("2017-01-01T10:30:05,5", 1483266605),
        ("2017-01-01T12:30:05+02:00", 1483266605),
        ("2017-01-01 05:00:05-0530", 1483266605),
        ("2017-01-01 12:30:05+02", 1483266605),
        ("2017-01-01 10:30:05 UTC", 1483266605),
        (" 2017-01-01 10:30:05 ", 1483266605),
        ("1483266605", 1483266605),
        ("1483266605.75", 1483266605),
        ("1969-12-31T23:59:59", -1),
    ],
)
def test_text(text, stamp):
    assert seconds([text]) == [stamp]


def test_forms_may_be_mixed():
    assert seconds(["2017-01-01", None, "1483266605", "2017-01-01T10:30:05+00:00"]) == [
        1483228800,
        None,
        1483266605,
        1483266605,
    ]


def test_numbers_are_epoch_seconds_rounded_down():
    assert seconds([5, None]) == [5, None]
    assert seconds([5.9, -0.5]) == [5, -1]


def test_timestamps_and_dates():
    assert seconds([datetime.datetime(2017, 1, 1, 10, 30, 5, 900_000)]) == [1483266605]
    assert seconds([datetime.datetime(1969, 12, 31, 23, 59, 59, 500_000)]) == [-1]
    east = datetime.timezone(datetime.timedelta(hours=2))
    assert seconds(
        [datetime.datetime(2017, 1, 1, 12, 30, 5, tzinfo=east)], pa.timestamp("us", "Etc/GMT-2")
    ) == [1483266605]
    assert seconds([datetime.date(2017, 1, 1)]) == [1483228800]


@pytest.mark.parametrize(
    "bad", ["yesterday", "2017-02-31", "01/02/2017", "2017-01-01T25:00:00", "", "2017-1-1"]
)
def test_what_is_no_date_is_named_with_its_row(bad):
    with pytest.raises(
        UserError, match=r"Table `events`, column `occurred_at`, row 12: not a point in time. Received: '"
    ):
        epoch_seconds(pa.array(["2017-01-01Z"[:10], bad]), "events", "occurred_at", first_row=11)


def test_other_types_are_refused():
    with pytest.raises(UserError, match=r"no points in time"):
        seconds([[1]])
    with pytest.raises(UserError, match=r"row 2"):
        seconds([1.0, float("inf")])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([2023, 2024], "holds years, no points in time. Received: 2023"),
        (["2023", "2024"], "holds years"),
        ([202312, 202401], "holds months as YYYYMM, no points in time. Received: 202312"),
        (["202312"], "holds months as YYYYMM"),
    ],
)
def test_years_and_months_are_no_seconds(values, told):
    with pytest.raises(UserError, match=told):
        seconds(values)


def test_words_for_a_missing_stamp_are_missing():
    given = ["0000-00-00 00:00:00", "0000-00-00", " NULL ", "", "NaT", "2024-01-02", None, "soon"]
    expected = [None, None, None, None, None, "2024-01-02", None, "soon"]
    assert without_blanks(pa.array(given)).to_pylist() == expected
    assert without_blanks(pa.array([0, 5])).to_pylist() == [0, 5]
    assert blanks(pa.array(given)).to_pylist() == [True, True, True, False, True, False, False, False]

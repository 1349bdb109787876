"""Global time windows: where training ends and evaluation begins, for everybody at the same time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schema import names
from schema.durations import SECONDS, seconds_of
from schema.errors import UserError
from schema.settings import Settings

Duration = Annotated[str, StringConstraints(pattern=r"^(auto|0*[1-9]\d*[dh]|0?\.\d+)$")]
"""`28d`, `12h`, a fraction of the time span (`0.1`) or `auto`."""

_LONGEST_AUTO_WINDOW = 28 * names.SECONDS_PER_DAY
_AUTO_FRACTION = 0.1
_AUTO_WINDOWS = 9
_MIN_PAST_FRACTION = 5
"""A training window begins after a fifth of the training span: before it there is hardly a past to read."""
_WINDOWS_OF_TOWERS = 3
"""The newest training windows, which the towers have not seen and in which their scores are honest."""
_BISECTIONS = 60


class SplitSettings(Settings):
    """How events become examples. All windows are global in time and never overlap."""

    eval_window: Duration = "auto"
    """Length of the eval window. `auto`: 28 days or a tenth of the time span, whichever is shorter."""
    test_window: Duration = "auto"
    """Length of the test window; `auto` as above."""
    ranking_windows: Literal["auto"] | Annotated[int, Field(ge=1, le=12)] = "auto"
    """Number of windows before the eval window on which the ranker is trained; each is as long as the
    eval window. They are spread over the whole past, denser towards the present, and start at least half a
    window apart. `auto`: 9, or as many as fit."""
    history_length: Annotated[int, Field(ge=1, le=5000)] = 2000
    """Most recent events that a ranking, eval or test query carries."""
    retrieval_history_length: Annotated[int, Field(ge=1, le=5000)] = 64
    """Most recent events that a query for the retrieval model carries."""
    baskets_per_user: Annotated[int, Field(ge=1)] = 20
    """Baskets of a user (the newest) that become a training query of their own."""


class TimeWindows(Settings):
    """The resolved windows, in epoch seconds; every interval is closed on the left, open on the right."""

    start: int
    """Stamp of the oldest event."""
    ranking_cutoffs: tuple[int, ...]
    """Starts of the windows on which the ranker is trained, oldest first."""
    retrieval_end: int
    """The retrieval model is trained on targets before this stamp. In the training windows that start
    earlier its scores would be those of a model that has seen the answers, so they are not read there."""
    window: int
    """Length of the eval window and of each training window, in seconds."""
    retrieval_cutoffs: tuple[int, ...]
    """Starts of the windows on which the retrieval model is trained, oldest first; each ends
    (cutoff + window) at or before `retrieval_end`."""
    eval_start: int
    test_start: int
    now: int
    """One second after the newest event: the end of the test window."""

    def knows_towers(self, cutoff: int) -> bool:
        """Whether the towers of this run may be read at a cutoff: they have not seen what follows it."""
        return cutoff >= self.retrieval_end


def resolve_windows(start: int, newest: int, settings: SplitSettings) -> TimeWindows:
    """Places the windows on the time line of a database.

    Args:
        start: Stamp of the oldest event, epoch seconds.
        newest: Stamp of the newest event, epoch seconds.
        settings: Requested lengths.

    Raises:
        UserError: The events do not span enough time for the requested windows.
    """
    now = newest + 1
    span = now - start
    if span <= names.SECONDS_PER_DAY and newest // names.SECONDS_PER_DAY == start // names.SECONDS_PER_DAY:
        from schema.profiling.event_tally import date_of

        raise UserError(
            "Table `events`, column `occurred_at`: every event is on one day, so no later window can be "
            f"kept for evaluation. Received: {date_of(start)}. Remedy: supply events of at least a week; "
            "check the unit of the stamps if that is not their day."
        )
    test_start = now - _seconds(settings.test_window, span)
    window = _seconds(settings.eval_window, span)
    eval_start = test_start - window
    if eval_start <= start:
        raise UserError(
            "Configuration keys `split.eval_window` and `split.test_window` leave no training data: "
            f"together they are {(now - eval_start) / names.SECONDS_PER_DAY:.1f} days and the events span "
            f"{span / names.SECONDS_PER_DAY:.1f} days. Remedy: choose shorter windows."
        )
    ranking = _ranking_cutoffs(start, eval_start, window, settings.ranking_windows)
    retrieval_end = _retrieval_end(start, eval_start, ranking)
    return TimeWindows(
        start=start,
        ranking_cutoffs=ranking,
        window=window,
        retrieval_end=retrieval_end,
        retrieval_cutoffs=_retrieval_cutoffs(start, retrieval_end, window),
        eval_start=eval_start,
        test_start=test_start,
        now=now,
    )


def horizon_seconds(window: int, horizon: float) -> int:
    """Length of a horizon given in windows, in whole days if the window is a number of days."""
    length = max(1, round(window * horizon))
    if window % names.SECONDS_PER_DAY:
        return length
    return max(1, round(length / names.SECONDS_PER_DAY)) * names.SECONDS_PER_DAY


def _seconds(duration: str, span: int) -> int:
    """Whole days wherever a relative length is longer than one: so each window has as many day stamps."""
    if duration == "auto":
        return _whole_days(min(_LONGEST_AUTO_WINDOW, int(span * _AUTO_FRACTION)))
    if duration.endswith(tuple(SECONDS)):
        return seconds_of(duration)
    return _whole_days(int(span * float(duration)))


def _whole_days(seconds: int) -> int:
    if seconds < names.SECONDS_PER_DAY:
        return max(1, seconds)
    return seconds // names.SECONDS_PER_DAY * names.SECONDS_PER_DAY


def _ranking_cutoffs(
    start: int, eval_start: int, window: int, count: int | Literal["auto"]
) -> tuple[int, ...]:
    """Spread over the past: one window apart where that reaches far enough, otherwise in growing steps."""
    newest = eval_start - window
    oldest = start + max(window, (eval_start - start) // _MIN_PAST_FRACTION)
    if newest <= oldest:
        return (max(start + 1, eval_start - min(window, (eval_start - start) // 2)),)
    num_windows = _AUTO_WINDOWS if count == "auto" else count
    fitting = 1 + 2 * (newest - oldest) // window
    reach = (newest - oldest) / window
    unit = names.SECONDS_PER_DAY if window % names.SECONDS_PER_DAY == 0 else 1
    offsets = _growing_offsets(reach, min(num_windows, fitting))
    return tuple(sorted({newest - int(offset * window) // unit * unit for offset in offsets}))


def _growing_offsets(reach: float, count: int) -> list[float]:
    """`count` offsets from 0 to `reach`, in steps that grow by one factor.

    The first step is 1, or less where `reach` is short; then all steps are alike.
    """
    if count < 2:
        return [0.0]
    if reach <= count - 1:
        return [reach * index / (count - 1) for index in range(count)]
    low, high = 1.0, reach
    for _ in range(_BISECTIONS):
        factor = (low + high) / 2
        total = sum(factor**step for step in range(count - 1))
        low, high = (factor, high) if total < reach else (low, factor)
    return [sum(low**step for step in range(index)) for index in range(count)]


def _retrieval_end(start: int, eval_start: int, ranking: tuple[int, ...]) -> int:
    """The third newest training window, or a newer one while that leaves less than half of the past."""
    middle = start + (eval_start - start) // 2
    late = [cutoff for cutoff in ranking[-_WINDOWS_OF_TOWERS:] if cutoff >= middle]
    return late[0] if late else ranking[-1]


def _retrieval_cutoffs(start: int, retrieval_end: int, window: int) -> tuple[int, ...]:
    step = max(1, window // 2)
    newest = retrieval_end - window
    return tuple(sorted(range(newest, start, -step)))

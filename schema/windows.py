"""Global time windows: where training ends and evaluation begins, for everybody at the same moment."""

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
_FEWEST_AUTO_WINDOWS, _MOST_AUTO_WINDOWS = 4, 12
_TRAINING_SPAN_OF_AUTO = 8
"""More than the fewest windows are taken only from the last eighth of the training span: the retrieval
model must not see what the ranker is trained on."""


class SplitSettings(Settings):
    """How events become examples. All windows are global in time and never overlap."""

    eval_window: Duration = "auto"
    """Length of the eval window. `auto`: 28 days or a tenth of the time span, whichever is shorter."""
    test_window: Duration = "auto"
    """Length of the test window; `auto` as above."""
    ranking_windows: Literal["auto"] | Annotated[int, Field(ge=1, le=12)] = "auto"
    """Number of rolling windows before the eval window on which the ranker is trained; each is as
    long as the eval window and they start half a window apart. `auto`: 4, or up to 12 where the windows
    are short beside the training span."""
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
    """Starts of the windows on which the ranker is trained, oldest first. Nothing that is fitted on
    events at or after the first of them may be an input of the ranker's training."""
    window: int
    """Length of the eval window and of each training window, in seconds."""
    retrieval_cutoffs: tuple[int, ...]
    """Starts of the windows on which the retrieval model is trained, oldest first; each ends
    (cutoff + window) at or before `ranking_start`."""
    eval_start: int
    test_start: int
    now: int
    """One second after the newest event: the end of the test window."""

    @property
    def ranking_start(self) -> int:
        """Start of the first window on which the ranker is trained."""
        return self.ranking_cutoffs[0]


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
        raise UserError(
            "Table `events`, column `occurred_at`: every event is on one day, so no later window can be "
            "kept for evaluation. Remedy: supply events of at least a week."
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
    return TimeWindows(
        start=start,
        ranking_cutoffs=ranking,
        window=window,
        retrieval_cutoffs=_retrieval_cutoffs(start, ranking[0], window),
        eval_start=eval_start,
        test_start=test_start,
        now=now,
    )


def _seconds(duration: str, span: int) -> int:
    if duration == "auto":
        return max(1, min(_LONGEST_AUTO_WINDOW, int(span * _AUTO_FRACTION)))
    if duration.endswith(tuple(SECONDS)):
        return seconds_of(duration)
    return max(1, int(span * float(duration)))


def _ranking_cutoffs(
    start: int, eval_start: int, window: int, count: int | Literal["auto"]
) -> tuple[int, ...]:
    """At least one; more only while they leave half of the training span to the retrieval model."""
    step = max(1, window // 2)
    fitting = ((eval_start - start) // _TRAINING_SPAN_OF_AUTO - window) // step + 1
    auto = min(max(fitting, _FEWEST_AUTO_WINDOWS), _MOST_AUTO_WINDOWS)
    earliest = start + (eval_start - start) // 2
    wanted = auto if count == "auto" else count
    cutoffs = [eval_start - window - index * step for index in range(wanted)]
    kept = [cutoff for cutoff in cutoffs if cutoff >= earliest]
    return tuple(sorted(kept)) or (max(start + 1, eval_start - min(window, (eval_start - start) // 2)),)


def _retrieval_cutoffs(start: int, ranking_start: int, window: int) -> tuple[int, ...]:
    step = max(1, window // 2)
    newest = ranking_start - window
    return tuple(sorted(range(newest, start, -step)))

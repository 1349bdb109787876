"""A person's id as it stands in texts."""

from __future__ import annotations

import html
import json
import re
from functools import cached_property
from typing import Final

from schema.source.ids import canonical_id, id_forms

REPLACEMENT: Final = "[forgotten]"
_SHORTEST_DISTINCT: Final = 5
_DEPTH: Final = 3
"""Of texts in texts: a log has the `repr` of JSON within JSON."""
_NUMBER_LIKE: Final = re.compile(r"[\d\W_]*")


class Person:
    """One id, in all the forms in which our texts may hold it.

    An id that is no number and has five characters or more is found as a whole word. Any other could be a
    count or a stamp: it is found in quotation marks and behind the word `user`, as all our texts have ids.

    Args:
        given: The id as it was given.
    """

    def __init__(self, given: str) -> None:
        self.user_id = canonical_id(given)
        """Its canonical form."""
        forms = set(id_forms([self.user_id], [given]))
        for _ in range(_DEPTH):
            forms |= {written for text in forms for written in _escaped(text)}
        self.forms = sorted(forms, key=len, reverse=True)
        """As texts write it, the longest first."""
        self.is_distinct = len(self.user_id) >= _SHORTEST_DISTINCT and not _NUMBER_LIKE.fullmatch(
            self.user_id
        )
        """Whether it cannot be taken for a number."""

    def stands_in(self, text: str) -> bool:
        """Whether a text names the person."""
        return self._pattern.search(text) is not None

    def taken_out(self, text: str) -> str:
        """The text without the id."""
        return self._pattern.sub(REPLACEMENT, text)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        form = "|".join(re.escape(text) for text in self.forms)
        if self.is_distinct:
            return re.compile(rf"(?<!\w)(?:{form})(?!\w)")
        quoted = rf"(?<=['\"`])(?:{form})(?=['\"`\\])"
        return re.compile(rf"{quoted}|(?<=[Uu]ser )(?:{form})(?!\w)|(?<=users/)(?:{form})(?!\w)")


def _escaped(text: str) -> set[str]:
    as_json = (json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (False, True))
    return {repr(text)[1:-1], html.escape(text), *as_json}

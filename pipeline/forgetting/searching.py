"""A person's id as it stands in texts, and where it stands in the files of a work directory."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.inspection.examples import parse_example, records_of
from pipeline.inspection.statistics import STATISTICS_FILE
from schema import names
from schema.served.vocabulary import LINE_ENDS
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


_TEXTS: Final = frozenset({"", ".csv", ".html", ".json", ".jsonl", ".log", ".pbtxt", ".txt", ".yaml"})
_LARGEST_TEXT: Final = 512 * 1024 * 1024


def files_naming(folder: Path, people: Sequence[Person]) -> dict[Path, set[str]]:
    """File below a folder -> ids of the people whom it names; files that name nobody are left out."""
    found = {path: people_in(path, people) for path in sorted(folder.rglob("*")) if path.is_file()}
    return {path: ids for path, ids in found.items() if ids}


def people_in(path: Path, people: Sequence[Person]) -> set[str]:
    """Canonical ids of the people whom a file names.

    Tables and examples are searched by their column of users, statistics by what they list of it, and texts
    (vocabularies by whole lines) by how texts write an id. Weights and tables of numbers are not searched.
    """
    known = {person.user_id for person in people}
    if path.suffix == ".gz":
        return _of_examples(path, known)
    if path.suffix == ".parquet":
        return _of_parquet(path, known)
    if path.suffix == ".arrow":
        return _of_arrow(path, known)
    if path.name == STATISTICS_FILE:
        return known & set(_listed_users(path))
    if path.suffix in _TEXTS and path.stat().st_size <= _LARGEST_TEXT:
        return _of_text(path, people)
    return set()


def vocabulary_entry(user_id: str) -> str:
    """How a vocabulary of users writes an id."""
    for character, picture in LINE_ENDS:
        user_id = user_id.replace(character, picture)
    return user_id


def _of_examples(path: Path, known: set[str]) -> set[str]:
    rows = (parse_example(record, (names.USER_ID,)) for record in records_of(path))
    return known & {user_id for row in rows for user_id in row.get(names.USER_ID, [])}


def _of_parquet(path: Path, known: set[str]) -> set[str]:
    file = pq.ParquetFile(path)
    if names.USER_ID not in file.schema_arrow.names:
        return set()
    return _listed(file.iter_batches(columns=[names.USER_ID]), known)


def _of_arrow(path: Path, known: set[str]) -> set[str]:
    with pa.ipc.open_file(pa.memory_map(str(path))) as file:
        if names.USER_ID not in file.schema.names:
            return set()
        return _listed((file.get_batch(number) for number in range(file.num_record_batches)), known)


def _listed(batches: Any, known: set[str]) -> set[str]:
    found: set[str] = set()
    for batch in batches:
        column = batch.column(batch.schema.get_field_index(names.USER_ID)).cast(pa.string())
        kept = column.filter(pc.is_in(column, value_set=pa.array(sorted(known), pa.string())))
        found |= set(pc.unique(kept).to_pylist())
    return found


def _listed_users(path: Path) -> Iterator[str]:
    from tensorflow_metadata.proto.v0 import statistics_pb2

    content = statistics_pb2.DatasetFeatureStatisticsList.FromString(path.read_bytes())
    for feature in (feature for dataset in content.datasets for feature in dataset.features):
        if (feature.name or ".".join(feature.path.step)) == names.USER_ID:
            yield from (bucket.label for bucket in feature.string_stats.rank_histogram.buckets)
            yield from (value.value for value in feature.string_stats.top_values)


def _of_text(path: Path, people: Sequence[Person]) -> set[str]:
    if path.name == names.USER_VOCABULARY:
        lines = set(path.read_text(encoding="utf-8", errors="replace").split("\n"))
        return {person.user_id for person in people if vocabulary_entry(person.user_id) in lines}
    text = path.read_text(encoding="utf-8", errors="replace")
    return {person.user_id for person in people if person.stands_in(text)}

"""MovieLens 100K, from the files that the package `recbole` carries."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pacsv

from pipeline.demo.writing import DemoSummary, Progress, package_file, write_database

NOTICE: Final = (
    "MovieLens 100K by GroupLens, University of Minnesota: for research; do not redistribute "
    "(F. M. Harper and J. A. Konstan, 2015)."
)

_REMEDY: Final = "pip install --no-deps recbole==1.2.1, or `make setup`"


def write_movielens_100k(output: Path, progress: Progress) -> DemoSummary:
    """Writes 100,000 ratings as a SQLite product database; ratings keep the order of the file.

    Args:
        output: The file to write; an older one is replaced when the new one is whole.
        progress: Called while reading and writing.

    Raises:
        UserError: The package is missing or the output cannot be written.
    """
    users, films, ratings = (_read(name, progress) for name in ("user", "item", "inter"))
    tables = {
        "users": pa.table(
            {
                "user_id": users["user_id"],
                "age": users["age"].cast(pa.int64()),
                **{name: users[name] for name in ("gender", "occupation", "zip_code")},
            }
        ),
        "products": pa.table(
            {
                "product_id": films["item_id"],
                "title": films["movie_title"],
                "release_year": _integers(films["release_year"]),
                "genres": films["class"],
            }
        ),
        "events": pa.table(
            {
                "user_id": ratings["user_id"],
                "product_id": ratings["item_id"],
                "occurred_at": ratings["timestamp"].cast(pa.float64()).cast(pa.int64()),
                "event_type": pa.array(["rating"] * ratings.num_rows),
                "rating": ratings["rating"].cast(pa.float64()),
            }
        ),
    }
    return DemoSummary(output, write_database(output, tables, progress), {}, NOTICE)


def _read(name: str, progress: Progress) -> pa.Table:
    path = package_file("recbole", f"dataset_example/ml-100k/ml-100k.{name}", _REMEDY)
    progress(f"reading {path.name}", 0, None)
    with path.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\n").split("\t")
    names = [column.split(":")[0] for column in header]
    table = pacsv.read_csv(
        path,
        pacsv.ReadOptions(column_names=names, skip_rows=1),
        pacsv.ParseOptions(delimiter="\t", quote_char=False),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
        ),
    )
    progress(f"reading {path.name}", table.num_rows, table.num_rows)
    return table


def _integers(column: pa.ChunkedArray) -> pa.Array:
    values = [
        int(float(text)) if text and text.replace(".", "", 1).isdigit() else None
        for text in column.to_pylist()
    ]
    return pa.array(values, pa.int64())

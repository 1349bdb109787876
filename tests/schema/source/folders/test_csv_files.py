"""CSV files as other programs write them: read as they are meant, or refused with the line."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schema.errors import ConfigurationError, UserError
from schema.profiling.profile import profile_source
from schema.source import open_source
from schema.source_settings import CsvSettings, FeatureSettings, SourceSettings, TableMapping

EVENTS = b"user_id,product_id,occurred_at\nu1,p1,1700000000\n"
NOW = 1_700_000_000


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "events.csv").write_bytes(EVENTS)
    return tmp_path


def products(folder, content, **csv):
    """Writes the products and reads them."""
    if content is not None:
        (folder / "products.csv").write_bytes(content)
    with open_source(SourceSettings(url=str(folder), csv=CsvSettings(**csv))) as source:
        return source.read_table("products").to_pylist()


def refused(folder, content, **csv):
    """The one line of the refusal."""
    with pytest.raises(UserError) as error:
        products(folder, content, **csv)
    assert "\n" not in str(error.value)
    assert str(error.value).isprintable()
    assert str(folder / "products.csv") in str(error.value)
    return str(error.value)


def test_another_encoding_is_refused_with_the_line_and_read_when_it_is_named(folder):
    content = "product_id,title\np0,Tee\np1,Käse\n".encode("windows-1252")
    told = refused(folder, content)
    assert "line 3 is no UTF-8. Received: b'p1,K\\xe4se\\n'" in told
    assert "`source.csv.encoding`, such as windows-1252" in told
    assert products(folder, None, encoding="windows-1252")[1] == {"product_id": "p1", "title": "Käse"}


def test_a_header_in_another_encoding_is_refused_too(folder):
    content = "product_id,Größe\np0,1\n".encode("iso-8859-1")
    assert "line 1 is no UTF-8" in refused(folder, content)
    assert products(folder, None, encoding="latin1") == [{"product_id": "p0", "Größe": 1}]


def test_bytes_that_the_named_encoding_lacks_are_refused(folder):
    assert "line 2 is no CP1252" in refused(folder, b"product_id,x\np0,\x81\n", encoding="cp1252")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_is_told_with_and_without_its_mark(folder, encoding):
    content = "product_id,x\np0,a\n".encode(encoding)
    assert "is UTF-16. Remedy: set `source.csv.encoding: utf-16`" in refused(folder, content)


def test_utf_16_is_read_when_it_is_named(tmp_path):
    (tmp_path / "events.csv").write_bytes(EVENTS.decode().encode("utf-16"))
    content = "product_id,x\np0,ä\n".encode("utf-16")
    assert products(tmp_path, content, encoding="utf-16") == [{"product_id": "p0", "x": "ä"}]


@pytest.mark.parametrize("encoding", ["klingon", "base64"])
def test_an_encoding_that_is_none_is_refused(encoding):
    with pytest.raises(ConfigurationError, match=r"`encoding`: no such encoding; use utf-8"):
        CsvSettings.parse({"encoding": encoding})


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("p0,a\np1,b,c\n", "line 3 has 3 columns and the header 2. Received: 'p1,b,c'"),
        ("p0,a\np1\n", "line 3 has 1 columns and the header 2. Received: 'p1'"),
        ("p0,a\n(1 row)\n", "Received: '(1 row)'"),
    ],
)
def test_lines_with_other_columns_are_named(folder, rows, told):
    assert told in refused(folder, f"product_id,title\n{rows}".encode())


@pytest.mark.parametrize("end", ["", "\n"])
def test_an_open_quotation_mark_that_swallows_rows_is_refused(folder, end):
    told = refused(folder, f'product_id,title\np0,"tea\np1,milk\np2,rice{end}'.encode())
    assert "not closed, and 2 lines behind it are read as one value. Received: 'tea', then 'p1,milk'" in told


def test_marks_of_inches_and_line_ends_in_quotation_marks_are_text(folder):
    content = b'product_id,title\np0,24" tv\np1,"a\nb, c"\np2,"d\ne"\n'
    assert [row["title"] for row in products(folder, content)] == ['24" tv', "a\nb, c", "d\ne"]


def test_a_first_line_for_excel_names_the_delimiter(folder):
    assert products(folder, b"sep=~\nproduct_id~title\np0~a,b;c\n") == [
        {"product_id": "p0", "title": "a,b;c"}
    ]


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(EVENTS * 99)[:40]], ids=["no gzip", "cut short"]
)
def test_broken_compressed_files_are_refused(folder, content):
    (folder / "products.csv.gz").write_bytes(content)
    with pytest.raises(UserError, match=r"products.csv.gz cannot be read"):
        products(folder, None)


def test_a_link_to_a_file_that_is_gone_is_refused(folder):
    (folder / "products.csv").symlink_to(folder / "gone.csv")
    with pytest.raises(UserError, match=r"has no file of table `products` that can be opened"):
        products(folder, None)


def test_the_lines_of_files_below_a_query_are_named_too(folder):
    (folder / "products.csv").write_bytes(b"product_id,x\np0\n")
    query = TableMapping(query="SELECT product_id FROM products")
    settings = SourceSettings(url=str(folder), tables={"products": query})
    with (
        pytest.raises(UserError, match=r"line 2 has 1 columns and the header 2"),
        open_source(settings) as source,
    ):
        source.read_table("products")


def test_all_columns_that_are_missing_are_told_at_once_as_they_are_written(folder):
    (folder / "events.csv").write_text("User, product_id,When\n")
    (folder / "products.csv").write_text("product_id\np\n")
    with pytest.raises(UserError) as error, open_source(SourceSettings(url=str(folder))):
        pass
    assert "no column `user_id` and no column `product_id` and no column `occurred_at`" in str(error.value)
    assert '`source.tables.events.columns.product_id: " product_id"`' in str(error.value)


def test_a_header_of_one_column_points_to_the_delimiter(folder):
    (folder / "products.csv").write_text("product_id~title\np~q\n")
    with (
        pytest.raises(UserError, match=r"set `source.csv.delimiter`"),
        open_source(SourceSettings(url=str(folder))),
    ):
        pass


_PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b",", b'"', b"\n", b"\r\n", b";", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\\N", b"\x1a"]
    ),
    st.sampled_from([EVENTS, b"u1,p1,1700000000\n", "ü,ß,2023-01-02\n".encode("windows-1252"), b"u,p,\n"]),
)
_CONTENTS = st.lists(_PIECES, max_size=12).map(b"".join)
_QUIET = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "database": None,
    "phases": [Phase.generate],
}


def check_bytes(events, products, encoding):
    """Files of any bytes are read, or refused in one line."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("events", events), ("products", products)):
            Path(folder, f"{name}.csv").write_bytes(content)
        settings = SourceSettings(url=folder, csv=CsvSettings(encoding=encoding))
        try:
            with open_source(settings) as source:
                found = profile_source(source, FeatureSettings(), lambda *_: None, NOW)
                assert found.num_rows >= source.read_events().num_rows
        except UserError as error:
            assert "\n" not in str(error)


_ARE_FILES = {
    "events": st.one_of(_CONTENTS, _CONTENTS.map(lambda content: EVENTS + content)),
    "products": st.one_of(
        st.just(b"product_id\np1\n"), _CONTENTS, _CONTENTS.map(lambda text: b"product_id,x\n" + text)
    ),
    "encoding": st.sampled_from(["utf-8", "utf-8", "windows-1252", "utf-16"]),
}


@given(**_ARE_FILES)
@settings(max_examples=40, derandomize=True, **_QUIET)
def test_files_of_any_bytes(events, products, encoding):
    check_bytes(events, products, encoding)


@pytest.mark.nightly
@given(**_ARE_FILES)
@settings(max_examples=500, **_QUIET)
def test_five_hundred_files_of_any_bytes(events, products, encoding):
    check_bytes(events, products, encoding)

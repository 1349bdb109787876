"""A store that other releases of ml_metadata made, or that was left in a bad state."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys

import pytest

from pipeline import cli
from pipeline.metadata.reading import ARTIFACT_STATES, EXECUTION_STATES, INPUTS, OUTPUTS
from pipeline.metadata.sql import KNOWN_VERSION, Tables
from pipeline.metadata.store import check_writable
from pipeline.planning.plan import PIPELINE_NAME
from schema.errors import UserError


def test_the_numbers_mean_what_they_mean_to_ml_metadata(own_store):
    from ml_metadata.proto import metadata_store_pb2 as pb

    for known, enum in ((ARTIFACT_STATES, pb.Artifact.State), (EXECUTION_STATES, pb.Execution.State)):
        assert known == tuple(enum.Name(number) for number in range(len(known)))
    assert {pb.Event.INPUT, pb.Event.DECLARED_INPUT} == INPUTS
    assert {pb.Event.OUTPUT, pb.Event.DECLARED_OUTPUT} == OUTPUTS
    assert Tables(str(own_store.path)).version == KNOWN_VERSION


def answers(store, capsys):
    found = []
    for words in (["runs"], ["inspect", "lineage"], ["inspect", "run", "2026-01-02"]):
        assert cli.main([*words, "--json", "--workdir", str(store.root)]) == 0
        found.append(json.loads(capsys.readouterr().out))
    return found


@pytest.mark.parametrize("version", [6, 8, 9])
def test_an_older_store_is_shown_and_not_written_to(own_store, capsys, version):
    from ml_metadata.metadata_store import downgrade_schema

    from pipeline.metadata.connection import connection_config

    before = answers(own_store, capsys)
    downgrade_schema(connection_config(str(own_store.path)), version)
    assert Tables(str(own_store.path)).version == version
    assert answers(own_store, capsys) == before
    with pytest.raises(UserError, match=f"an older release .*tables of version {version}"):
        check_writable(str(own_store.path), PIPELINE_NAME)


def test_a_newer_store_is_shown_as_far_as_can_be_and_not_written_to(own_store, capsys):
    before = answers(own_store, capsys)
    with sqlite3.connect(own_store.path) as connection:
        connection.execute("UPDATE MLMDEnv SET schema_version = 11")
        connection.execute("ALTER TABLE Execution ADD COLUMN more TEXT")
    assert answers(own_store, capsys) == before
    with pytest.raises(UserError, match=r"a newer release .*tables of version 11"):
        check_writable(str(own_store.path), PIPELINE_NAME)
    with sqlite3.connect(own_store.path) as connection:
        connection.execute("ALTER TABLE Event RENAME TO Occurrence")
    assert cli.main(["runs", "--workdir", str(own_store.root)]) == 2
    err = capsys.readouterr().err
    assert "cannot be read" in err and err.count("\n") == 1


def test_a_damaged_file_is_one_line(own_store, capsys):
    content = bytearray(own_store.path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    own_store.path.write_bytes(content)
    for words in (["runs"], ["inspect", "run"], ["inspect", "lineage"], ["gc", "--keep", "1"]):
        assert cli.main([*words, "--workdir", str(own_store.root)]) == 2
        err = capsys.readouterr().err
        assert "cannot be read" in err and err.count("\n") == 1


def test_what_a_killed_writer_left_is_put_right(own_store, capsys):
    """A transaction that was cut short, its pages already in the file, is not seen and shuts nobody out."""
    before = answers(own_store, capsys)
    program = (
        "import os, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('PRAGMA cache_size = 1')\n"
        "connection.execute('BEGIN')\n"
        "connection.execute(\"UPDATE Artifact SET uri = 'gone'\")\n"
        "connection.execute('UPDATE Execution SET last_known_state = 4')\n"
        'connection.execute("UPDATE ExecutionProperty SET string_value = hex(randomblob(5000))")\n'
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(own_store.path)], check=False)
    assert own_store.path.with_name("metadata.db-journal").stat().st_size > 0
    assert answers(own_store, capsys) == before

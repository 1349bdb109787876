"""ML Metadata on SQLite and on a real PostgreSQL."""

import pytest

from pipeline.metadata.connection import connection_config, open_store
from pipeline.metadata.location import PASSWORD_VARIABLE, store_location
from schema.errors import UserError
from schema.source import password_of

ODD = 'a \\ "b" \\\\n it\'s {"c": "\\u00e9"} é'


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("sqlite:////data/m.db", "/data/m.db"),
        ("postgresql://u:secret@h:6/d", "postgresql://u:***@h:6/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        ("mysql://u:se:c/r@et@h:6/d", "mysql://u:***@h:6/d"),
    ],
)
def test_locations(url, location):
    assert store_location(url) == location


@pytest.mark.parametrize(
    "url", ["mysql://h", "oracle://h/d", "postgresql://h", "sqlite:///", "postgresql:///d"]
)
def test_what_is_no_store(url):
    with pytest.raises(UserError, match=r"The metadata URL .* must be"):
        store_location(url)


def test_the_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "it's a \\")
    found = connection_config("postgresql://u:***@h:6/d").postgresql
    assert (found.host, found.port, found.user, found.dbname) == ("h", "6", "u", "d")
    assert found.password == "'it\\'s a \\\\'"


@pytest.fixture
def new_store(postgres_url, request):
    """URL, with its password, of an empty database."""
    import psycopg

    name = request.node.name.lower()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_url.rsplit("/", 1)[0] + f"/{name}"


@pytest.mark.postgres
def test_runs_are_read_from_a_server(new_store, tmp_path, monkeypatch, capsys):
    from pipeline.cli import main

    monkeypatch.setenv(PASSWORD_VARIABLE, "another")
    assert main(["runs", "--workdir", str(tmp_path), "--set", f"metadata.url={new_store}"]) == 0
    assert "No runs yet in postgresql://towerline:***@" in capsys.readouterr().out


@pytest.mark.postgres
def test_any_text_can_be_kept(new_store, monkeypatch):
    from ml_metadata.proto import metadata_store_pb2 as pb

    monkeypatch.setenv(PASSWORD_VARIABLE, password_of(new_store))
    store = open_store(store_location(new_store))
    kind = store.put_artifact_type(pb.ArtifactType(name="T", properties={"text": pb.STRING}))
    artifact = pb.Artifact(type_id=kind, uri="/a\\b")
    artifact.properties["text"].string_value = ODD
    artifact.custom_properties["more"].string_value = ODD
    store.put_artifacts([artifact])
    (found,) = store.get_artifacts()
    assert (found.properties["text"].string_value, found.custom_properties["more"].string_value) == (ODD, ODD)
    assert found.uri == "/a\\b"


@pytest.mark.postgres
def test_answers_come_in_the_order_of_the_question(new_store, monkeypatch):
    from ml_metadata.proto import metadata_store_pb2 as pb

    monkeypatch.setenv(PASSWORD_VARIABLE, password_of(new_store))
    store = open_store(store_location(new_store))
    kinds = [store.put_artifact_type(pb.ArtifactType(name=name)) for name in "AB"]
    ids = store.put_artifacts([pb.Artifact(type_id=kind, uri="/") for kind in kinds])
    (first,) = store.get_artifacts_by_id(ids[:1])
    first.state = pb.Artifact.LIVE
    store.put_artifacts([first])  # an updated row moves to the end of the table
    for order in (ids, ids[::-1]):
        assert [artifact.id for artifact in store.get_artifacts_by_id(order)] == order
    assert [kind.id for kind in store.get_artifact_types_by_id(kinds[::-1])] == kinds[::-1]


@pytest.mark.postgres
def test_types_are_there_once_before_the_nodes_need_them(new_store, monkeypatch):
    """What a node registers itself afterwards, as TFX does, is what is there."""
    from ml_metadata.proto import metadata_store_pb2 as pb
    from tfx.proto.orchestration import pipeline_pb2

    from pipeline.metadata.handle import register_types

    monkeypatch.setenv(PASSWORD_VARIABLE, password_of(new_store))
    location = store_location(new_store)
    pipeline = pipeline_pb2.Pipeline()
    for name in ("First", "Second"):
        node = pipeline.nodes.add().pipeline_node
        node.node_info.type.name = name
        node.contexts.contexts.add().type.name = "pipeline_run"
        statistics = node.outputs.outputs["statistics"].artifact_spec.type
        statistics.name, statistics.base_type = "ExampleStatistics", pb.ArtifactType.STATISTICS
        statistics.properties["span"] = pb.INT
    for _ in range(2):
        register_types(location, pipeline)
    store = open_store(location)
    assert [kind.name for kind in store.get_artifact_types() if "." not in kind.name] == ["ExampleStatistics"]
    assert sorted(kind.name for kind in store.get_execution_types() if "." not in kind.name) == [
        "First",
        "Second",
    ]
    assert sorted(kind.name for kind in store.get_context_types()) == ["execution_cache", "pipeline_run"]
    (known,) = [kind for kind in store.get_artifact_types() if kind.name == "ExampleStatistics"]
    assert known.properties == {"span": pb.INT}
    assert store.put_artifact_type(statistics) == known.id

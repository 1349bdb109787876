"""ML Metadata on SQLite and on a real PostgreSQL."""

from urllib.parse import unquote, urlsplit

import pytest

from pipeline.metadata_connection import PASSWORD_VARIABLE, connection_config, open_store, store_location
from schema.errors import UserError

ODD = 'a \\ "b" \\\\n it\'s {"c": "\\u00e9"} é'


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("sqlite:////data/m.db", "/data/m.db"),
        ("postgresql://u:secret@h:6/d", "postgresql://u:***@h:6/d"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
    ],
)
def test_locations(url, location):
    assert store_location(url) == location


@pytest.mark.parametrize("url", ["mysql://h/d", "postgresql://h", "sqlite:///", "postgresql:///d"])
def test_what_is_no_store(url):
    with pytest.raises(UserError, match="The metadata URL must be"):
        store_location(url)


def test_the_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "it's a \\")
    found = connection_config("postgresql://u:***@h:6/d").postgresql
    assert (found.host, found.port, found.user, found.dbname) == ("h", "6", "u", "d")
    assert found.password == "'it\\'s a \\\\'"


@pytest.mark.postgres
def test_any_text_can_be_kept(postgres_url, monkeypatch):
    import psycopg
    from ml_metadata.proto import metadata_store_pb2 as pb

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE odd_texts")
    netloc = urlsplit(postgres_url).netloc
    password = netloc.split(":")[1].split("@")[0]
    monkeypatch.setenv(PASSWORD_VARIABLE, unquote(password))
    store = open_store(f"postgresql://{netloc.replace(password, '***')}/odd_texts")
    kind = store.put_artifact_type(pb.ArtifactType(name="T", properties={"text": pb.STRING}))
    artifact = pb.Artifact(type_id=kind, uri="/a\\b")
    artifact.properties["text"].string_value = ODD
    artifact.custom_properties["more"].string_value = ODD
    store.put_artifacts([artifact])
    (found,) = store.get_artifacts()
    assert (found.properties["text"].string_value, found.custom_properties["more"].string_value) == (ODD, ODD)
    assert found.uri == "/a\\b"

"""Blessings as the Pusher of TFX reads them, and as we do."""

import pytest

from schema.served.blessing import INFRA, bless, verdict


class Artifact:
    def __init__(self, folder):
        self.uri, self.properties = str(folder), {}

    def set_string_custom_property(self, name, value):
        self.properties[name] = value

    set_int_custom_property = set_string_custom_property


@pytest.mark.parametrize(
    ("prefix", "is_blessed", "name"),
    [
        ("", True, "BLESSED"),
        ("", False, "NOT_BLESSED"),
        (INFRA, True, "INFRA_BLESSED"),
        (INFRA, False, "INFRA_NOT_BLESSED"),
    ],
)
def test_a_verdict_is_written_and_read(tmp_path, prefix, is_blessed, name):
    artifact = Artifact(tmp_path / "blessing")
    bless(artifact, is_blessed, "because", prefix)
    assert [path.name for path in (tmp_path / "blessing").iterdir()] == [name]
    assert artifact.properties == {"blessing_message": "because", "blessed": int(is_blessed)}
    assert verdict(artifact.properties, tmp_path) is is_blessed
    assert verdict({}, tmp_path / "blessing") is is_blessed
    assert verdict({"blessing_status": name}, tmp_path) is is_blessed


def test_no_verdict_is_neither(tmp_path):
    assert verdict({}, tmp_path) is None

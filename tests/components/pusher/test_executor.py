"""The Pusher runs for real."""

import json

import pytest

from kernel.description import FORMAT, Description, KernelError, read_tables, write_tables
from schema import names
from schema.served.blessing import bless
from schema.served.versions import champion_directory, versions


@pytest.fixture
def push(tmp_path, artifact):
    from google.protobuf.json_format import MessageToJson
    from tfx.proto import pusher_pb2
    from tfx.types import standard_artifacts

    from components.pusher.executor import Executor

    model = artifact(standard_artifacts.Model, tmp_path / "model")
    (tmp_path / "model" / "Format-Serving").mkdir()
    (tmp_path / "model" / "Format-Serving" / "saved_model.pb").write_text("graph")

    def run(model_blessed=1, infra_blessed=1, ranking_blessed=1, evaluated=model, classic=None):
        inputs = {"model": [model], "evaluated_model": [evaluated]}
        inputs |= {"classic_model": [classic or model], "evaluated_classic": [classic or evaluated]}
        for key, cls, blessed in (
            ("model_blessing", standard_artifacts.ModelBlessing, model_blessed),
            ("ranking_blessing", standard_artifacts.ModelBlessing, ranking_blessed),
            ("infra_blessing", standard_artifacts.InfraBlessing, infra_blessed),
        ):
            if blessed is not None:
                blessing = artifact(cls, tmp_path / key)
                bless(blessing, bool(blessed), "", of_classic=classic is not None)
                inputs[key] = [blessing]
        destination = pusher_pb2.PushDestination()
        destination.filesystem.base_directory = str(tmp_path / "serving")
        pushed = artifact(standard_artifacts.PushedModel, tmp_path / "pushed")
        Executor().Do(
            inputs,
            {"pushed_model": [pushed]},
            {"push_destination": MessageToJson(destination, preserving_proto_field_name=True)},
        )
        return pushed

    return run


def test_a_model_with_all_blessings_is_pushed(push, tmp_path):
    pushed = push()
    (version,) = versions(tmp_path / "serving")
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_version") == str(version)
    assert pushed.get_string_custom_property("pushed_destination") == str(tmp_path / "serving" / str(version))
    assert (tmp_path / "serving" / str(version) / "saved_model.pb").read_text() == "graph"
    assert (tmp_path / "pushed" / "saved_model.pb").read_text() == "graph"


@pytest.mark.parametrize(
    ("model", "infra", "ranking"),
    [
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
        (0, 0, 0),
        (None, 1, 1),
        (1, None, 1),
        (1, 1, None),
        (None, None, None),
    ],
)
def test_without_every_blessing_nothing_is_pushed(push, tmp_path, model, infra, ranking):
    pushed = push(model, infra, ranking)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "serving").exists()


def test_of_a_refitted_model_the_evaluated_one_is_kept_for_the_newest_version_only(push, tmp_path, artifact):
    from tfx.types import standard_artifacts

    evaluated = artifact(standard_artifacts.Model, tmp_path / "evaluated")
    (tmp_path / "evaluated" / "Format-Serving").mkdir()
    (tmp_path / "evaluated" / "Format-Serving" / "saved_model.pb").write_text("judged")
    push(evaluated=evaluated)
    push(evaluated=evaluated)
    serving = tmp_path / "serving"
    first, second = versions(serving)
    assert champion_directory(serving, second) == serving / ".evaluated" / str(second)
    assert (champion_directory(serving, second) / "saved_model.pb").read_text() == "judged"
    assert (serving / str(second) / "saved_model.pb").read_text() == "graph"
    assert not (serving / ".evaluated" / str(first)).exists()


def test_a_model_pushed_as_evaluated_is_its_own_champion(push, tmp_path):
    push()
    (version,) = versions(tmp_path / "serving")
    assert champion_directory(tmp_path / "serving", version) == tmp_path / "serving" / str(version)


def test_in_place_of_a_refused_model_the_classic_is_pushed(push, tmp_path, artifact):
    from tfx.types import standard_artifacts

    classic = artifact(standard_artifacts.Model, tmp_path / "classic")
    (tmp_path / "classic" / "Format-Serving").mkdir()
    (tmp_path / "classic" / "Format-Serving" / "saved_model.pb").write_text("counts")
    push(classic=classic)
    (version,) = versions(tmp_path / "serving")
    assert (tmp_path / "serving" / str(version) / "saved_model.pb").read_text() == "counts"
    assert (
        champion_directory(tmp_path / "serving", version).joinpath("saved_model.pb").read_text() == "counts"
    )


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ({"kernel": {"equal": True, "reason": ""}}, ""),
        ({"kernel": {"equal": False, "reason": "2 of 200 lists differ"}}, "2 of 200 lists differ"),
        ({}, "nothing has compared it with the session"),
    ],
)
def test_a_kernel_is_pushed_that_gives_the_lists_of_the_session(push, tmp_path, verdict, reason):
    model = tmp_path / "model" / "Format-Serving"
    write_tables(model / names.KERNEL, Description(FORMAT, "", {"number": 1}, {}, (), {}), {})
    (tmp_path / "infra_blessing").mkdir(exist_ok=True)
    (tmp_path / "infra_blessing" / names.VALIDATION_FILE).write_text(json.dumps(verdict))
    push()
    (version,) = versions(tmp_path / "serving")
    folder = tmp_path / "serving" / str(version) / names.KERNEL
    if reason:
        with pytest.raises(KernelError, match=reason):
            read_tables(folder)
    else:
        assert read_tables(folder)[0].settings == {"number": 1}
    assert read_tables(model / names.KERNEL)[0].settings == {"number": 1}  # the artifact stays as it is

"""A version is there as a whole or not at all."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from components.pusher import executor as publishing
from components.pusher.executor import publish
from schema import names
from schema.errors import PipelineRefusedError
from schema.served.versions import versions


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_text("graph")
    (folder / "variables" / "data").write_text("weights")
    return folder


def content(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def partial(folder):
    return [path.name for path in folder.iterdir() if path.name.endswith(".partial")]


def test_every_push_is_a_new_version_and_older_ones_stay(model, tmp_path):
    serving = tmp_path / "serving"
    numbers = []
    for graph in ("first", "second", "third"):
        (model / "saved_model.pb").write_text(graph)
        numbers.append(publish(model, serving))
    assert numbers == sorted(set(numbers)) == versions(serving)
    assert [content(serving / str(number))["saved_model.pb"] for number in numbers] == [
        "first",
        "second",
        "third",
    ]
    assert content(serving / str(numbers[0])) == {"saved_model.pb": "first", "variables/data": "weights"}
    assert partial(serving) == []


def test_a_folder_without_a_model_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"saved_model\.pb"):
        publish(tmp_path, tmp_path / "serving")
    assert not (tmp_path / "serving").exists()


def test_a_stale_temporary_folder_is_cleaned(model, tmp_path):
    stale = tmp_path / "serving" / ".towerline-push-77.partial"
    stale.mkdir(parents=True)
    (stale / "saved_model.pb").write_text("half")
    number = publish(model, tmp_path / "serving")
    assert not stale.exists() and versions(tmp_path / "serving") == [number]


def test_a_failure_on_the_way_leaves_no_version(model, tmp_path, monkeypatch):
    def fail(_):
        raise OSError("no space left on device")

    monkeypatch.setattr(publishing, "_to_disk", fail)
    with pytest.raises(OSError, match="no space"):
        publish(model, tmp_path / "serving")
    assert versions(tmp_path / "serving") == partial(tmp_path / "serving") == []


def test_a_kill_in_the_middle_of_the_copy_leaves_what_is_served_as_it_was(model, tmp_path):
    serving = tmp_path / "serving"
    served = publish(model, serving)
    before = content(serving / str(served))
    script = textwrap.dedent(
        f"""
        import os, shutil, signal
        from pathlib import Path
        from components.pusher.executor import publish

        def copy_half(source, target):
            Path(target).mkdir()
            (Path(target) / "saved_model.pb").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)

        shutil.copytree = copy_half
        publish(Path({str(model)!r}), Path({str(serving)!r}))
        """
    )
    root = Path(publishing.__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert done.returncode == -signal.SIGKILL
    assert len(partial(serving)) == 1
    assert versions(serving) == [served] and content(serving / str(served)) == before
    number = publish(model, serving)  # the lock died with its process
    assert partial(serving) == [] and versions(serving) == [served, number]


def test_pushes_at_the_same_time_become_versions_of_their_own(model, tmp_path):
    numbers = []
    threads = [
        threading.Thread(target=lambda: numbers.append(publish(model, tmp_path / "serving")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == versions(tmp_path / "serving") and len(set(numbers)) == 4


def test_a_refresh_does_not_replace_a_version_that_was_trained_meanwhile(model, tmp_path):
    serving = tmp_path / "serving"
    trained = str(publish(model, serving))
    (model / names.SERVING_METADATA).parent.mkdir()
    (model / names.SERVING_METADATA).write_text(json.dumps({"refresh_of": trained}))
    publish(model, serving, refresh_of=trained)
    publish(model, serving, refresh_of=trained)  # a refresh of the refresh
    (model / names.SERVING_METADATA).write_text("{}")
    newer = publish(model, serving)
    with pytest.raises(PipelineRefusedError, match=f"Version {newer} was pushed while version {trained} was"):
        publish(model, serving, refresh_of=trained)
    assert versions(serving)[-1] == newer and partial(serving) == []

"""Plans: equal for equal databases; the frozen schema is kept, edited and checked."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.config.settings import MetadataSettings, TowerlineConfig
from pipeline.planning.planner import code_digest, make_plan
from pipeline.planning.workdir import is_running, only_run, usable_workdir
from schema.errors import UserError
from schema.features import Kind
from schema.source_settings import SourceSettings


@pytest.fixture
def config(tmp_path, write_checkerboard):
    return TowerlineConfig(source=SourceSettings(url=write_checkerboard(tmp_path / "shop.db")))


def change(tmp_path, statement):
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_equal_databases_give_equal_plans(tmp_path, config):
    first = make_plan(config, str(tmp_path / "work"))
    second = make_plan(config, str(tmp_path / "work"))
    assert (first.newly_frozen, second.newly_frozen) == (True, False)
    assert first.plan.to_json() == second.plan.to_json()
    change(tmp_path, "UPDATE events SET product_id = 'p1' WHERE rowid = 1")
    assert make_plan(config, str(tmp_path / "work")).plan.fingerprint != first.plan.fingerprint


def test_other_code_gives_another_plan(tmp_path, config, monkeypatch):
    first = make_plan(config, str(tmp_path / "work")).plan
    monkeypatch.setattr("pipeline.planning.planner.code_digest", lambda: "upgraded")
    second = make_plan(config, str(tmp_path / "work")).plan
    assert second.fingerprint != first.fingerprint
    assert second.schema_file == first.schema_file  # so ImportSchemaGen stays cached


def test_metadata_url(tmp_path, config):
    settings = MetadataSettings(url=f"sqlite:///{tmp_path}/store/runs.db")
    plan = make_plan(config.model_copy(update={"metadata": settings}), str(tmp_path / "work")).plan
    assert plan.metadata_path == f"{tmp_path}/store/runs.db"
    assert (tmp_path / "store").is_dir()
    assert make_plan(config, str(tmp_path / "work")).plan.metadata_path == f"{tmp_path}/work/metadata.db"


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("oracle://towerline:secret@db/mlmd", r"must be.*Received: 'oracle://towerline:\*\*\*@db/mlmd'"),
        (
            "mysql://towerline:secret@127.0.0.1:9/m",
            r"cannot be read.*'?mysql://towerline:\*\*\*@127.0.0.1:9/m",
        ),
        ("sqlite:///", "must be"),
        ("sqlite:///:memory:", "must be"),
        ("metadata.db", "must be"),
        ("sqlite:////tmp", "names a folder"),
        ("sqlite:////proc/towerline/runs.db", "folder of `metadata.url` cannot be written"),
    ],
)
def test_an_unfit_metadata_url(tmp_path, config, url, match):
    settings = MetadataSettings(url=url)
    with pytest.raises(UserError, match=match):
        make_plan(config.model_copy(update={"metadata": settings}), str(tmp_path / "work"))


def test_an_edit_of_the_frozen_features_counts(tmp_path, config):
    first = make_plan(config, str(tmp_path / "work")).plan
    path = tmp_path / "work" / "schema" / "features.yaml"
    values = yaml.safe_load(path.read_text())
    values["users"][1]["kind"] = "ignore"
    path.write_text(yaml.safe_dump(values))
    second = make_plan(config, str(tmp_path / "work")).plan
    assert second.features.users[1].kind is Kind.IGNORE
    assert second.schema_file != first.schema_file
    assert 'name: "user__age"' not in Path(second.schema_file).read_text()


def test_known_values_of_categories_are_in_the_schema(tmp_path, config):
    text = Path(make_plan(config, str(tmp_path / "work")).plan.schema_file).read_text()
    assert 'value: "red"' in text and 'value: "blue"' in text


def test_a_frozen_column_that_is_gone_is_named(tmp_path, config):
    make_plan(config, str(tmp_path / "work"))
    change(tmp_path, "ALTER TABLE users DROP COLUMN age")
    with pytest.raises(UserError, match="`users` has no column `age`"):
        make_plan(config, str(tmp_path / "work"))


def test_a_number_that_became_text_is_named(tmp_path, config):
    make_plan(config, str(tmp_path / "work"))
    change(tmp_path, "UPDATE users SET age = 'old'")
    with pytest.raises(UserError, match="column `age` is frozen as a number and holds text today"):
        make_plan(config, str(tmp_path / "work"))


def test_a_new_column_is_noted_and_not_used(tmp_path, config):
    before = make_plan(config, str(tmp_path / "work")).plan
    change(tmp_path, "ALTER TABLE users ADD COLUMN town TEXT")
    change(tmp_path, "UPDATE users SET town = 'York'")
    planned = make_plan(config, str(tmp_path / "work"))
    assert planned.plan.features == before.features
    assert any("users.town is new" in note for note in planned.notes)


def test_a_broken_features_file(tmp_path, config):
    make_plan(config, str(tmp_path / "work"))
    (tmp_path / "work" / "schema" / "features.yaml").write_text("- 1")
    with pytest.raises(UserError, match="must be a mapping"):
        make_plan(config, str(tmp_path / "work"))


def test_one_run_at_a_time(tmp_path):
    workdir = usable_workdir(str(tmp_path / "work"))
    code = (
        "import sys; from pathlib import Path; from pipeline.planning.workdir import only_run\n"
        "with only_run(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(workdir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=f"process {other.pid}"), only_run(workdir):
            pass
        assert is_running(workdir)
        other.kill()
        other.wait()
    assert not is_running(workdir)
    with only_run(workdir):
        assert (workdir / "run.lock").read_text() == str(os.getpid())


@pytest.fixture
def root(tmp_path):
    for package in ("components", "kernel", "schema", "trainer", "transform", "pipeline"):
        (tmp_path / package / "inner").mkdir(parents=True)
        (tmp_path / package / "inner" / "code.py").write_text("a = 1")
    return tmp_path


@pytest.mark.parametrize("package", ["components", "kernel", "schema", "trainer", "transform"])
def test_code_counts(root, package):
    before = code_digest(root)
    (root / package / "inner" / "code.py").write_text("a = 2")
    changed = code_digest(root)
    (root / package / "inner" / "code.py").rename(root / package / "code.py")
    assert len({before, changed, code_digest(root)}) == 3


def test_the_rest_does_not(root):
    before = code_digest(root)
    (root / "pipeline" / "inner" / "code.py").write_text("a = 2")
    (root / "schema" / "inner" / "code.cpython-311.pyc").write_bytes(b"x")
    assert code_digest(root) == before


def test_our_own_code_is_found():
    assert code_digest() == code_digest() != code_digest.__globals__["hashlib"].sha256().hexdigest()

"""Which source of configuration goes before which."""

from argparse import Namespace

import pytest

from pipeline.config.loading import load_config
from schema.errors import UserError


def arguments(config=None, overrides=()):
    return Namespace(config=config and str(config), set=list(overrides))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "towerline.yaml"
    path.write_text("seed: 1\nsplit: {eval_window: 7d, test_window: 8d}\nsource: {url: a.db}\n")
    return path


def test_defaults():
    assert load_config(arguments()).seed == 42


def test_file_goes_before_defaults(file):
    config = load_config(arguments(file))
    assert (config.seed, config.split.eval_window) == (1, "7d")


def test_set_goes_before_the_file_and_leaves_its_neighbours(file):
    config = load_config(arguments(file, ["seed=2", "split.eval_window=9d", "beam.args=[--x, --y]"]))
    assert (config.seed, config.split.eval_window, config.split.test_window) == (2, "9d", "8d")
    assert config.beam.args == ("--x", "--y")


def test_source_option_goes_before_everything(file):
    assert load_config(arguments(file, ["source.url=b.db"]), source="c.db").source.url == "c.db"


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        (["retrieval.num_epoch=3"], "Did you mean `retrieval.num_epochs`"),
        (["retrieval.num_epochs=many"], "retrieval.num_epochs"),
        (["seed"], "takes key=value"),
        (["=3"], "takes key=value"),
        (["seed=[1"], "is no YAML"),
        (["seed=1", "seed.x=1"], "`seed` holds a value"),
    ],
)
def test_wrong_overrides(overrides, match):
    with pytest.raises(UserError, match=match):
        load_config(arguments(overrides=overrides))


@pytest.mark.parametrize(("text", "match"), [("- 1", "must be a mapping"), ("a: [", "is no YAML")])
def test_wrong_files(tmp_path, text, match):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=match):
        load_config(arguments(path))


def test_absent_file(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        load_config(arguments(tmp_path / "absent.yaml"))


def test_models_are_pushed_into_the_work_directory_or_where_the_user_says(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert load_config(arguments()).push.directory_in(tmp_path) == tmp_path / "serving"
    config = load_config(arguments(overrides=["push.directory=~/models"]))
    assert str(config.push.directory_in(tmp_path)) == "/home/someone/models"

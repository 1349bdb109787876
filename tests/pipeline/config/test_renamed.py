"""Old names of keys are accepted for this release, with one line."""

import argparse

import pytest

from pipeline.cli import main
from pipeline.config.loading import load_config
from pipeline.config.renamed import REMOVED, RENAMED
from pipeline.reference import config_keys
from schema.errors import ConfigurationError


@pytest.fixture
def load(tmp_path):
    def config(text="", *overrides):
        file = tmp_path / "towerline.yaml"
        file.write_text(text)
        return load_config(argparse.Namespace(config=str(file), set=list(overrides)))

    return config


def test_every_new_name_is_a_key_and_no_old_one_is():
    keys = {key for key, _, _ in config_keys()}
    assert set(RENAMED.values()) <= keys and not (set(RENAMED) | REMOVED) & keys
    assert [key for key in keys if key.split(".")[-1].startswith(("least_", "most_", "worst_"))] == []


def test_old_names_in_a_file_and_on_the_command_line(load, capsys):
    config = load("gates: {least_ndcg: 0.1, most_orphans: 0.2}\n", "gates.worst_slice_loss=0.3", "seed=7")
    assert (config.gates.min_ndcg, config.gates.max_orphans, config.gates.max_slice_loss) == (0.1, 0.2, 0.3)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].count("is now") == 3
    assert "`gates.worst_slice_loss` is now `gates.max_slice_loss`" in told[0]


def test_the_command_line_goes_before_the_file_under_either_name(load):
    assert load("gates: {least_ndcg: 0.1}\n", "gates.min_ndcg=0.2").gates.min_ndcg == 0.2
    assert load("gates: {min_ndcg: 0.1}\n", "gates.least_ndcg=0.2").gates.min_ndcg == 0.2
    assert load("", "gates={least_ndcg: 0.3}").gates.min_ndcg == 0.3


def test_new_names_are_no_news(load, capsys):
    assert load("gates: {min_ndcg: 0.1}\n").gates.min_ndcg == 0.1
    assert capsys.readouterr().err == ""


def test_one_value_under_two_names_is_refused(load):
    with pytest.raises(ConfigurationError, match=r"old name of `gates\.min_ndcg`, which is there too"):
        load("gates: {min_ndcg: 0.1, least_ndcg: 0.2}\n")


def test_the_line_of_an_old_name_is_found(tmp_path, capsys):
    file = tmp_path / "towerline.yaml"
    file.write_text("seed: 1\ngates:\n  least_ndcg: 7\n")
    assert main(["run", "--workdir", str(tmp_path), "--config", str(file)]) == 2
    assert capsys.readouterr().err.strip().endswith(f"({file}, line 3)")


def test_a_key_that_means_nothing_any_more_is_dropped_with_a_line(load, capsys):
    config = load("index: {min_recall: 0.9, num_neighbours: 7}\n", "index.least_recall=0.8")
    assert config.index.num_neighbours == 7
    told = capsys.readouterr().err
    assert "`index.min_recall` means nothing any more" in told and "`index.least_recall`" in told

"""Which source of configuration goes before which."""

from argparse import Namespace

import pytest

from pipeline.cli import main
from pipeline.config.loading import line_of, load_config
from pipeline.planning.rule_check import check_rules
from schema.errors import ConfigurationError, UserError
from schema.features import FeatureColumn, FeatureSet
from schema.rules import Rule

TEXT = """\
seed: 1
post_ranking:
  diversity: 0.2
  rules:
    - action: pin
      where: {colour: red}
    - action: boost
      where:
        colur: red
"""
FEATURES = FeatureSet(
    users=(FeatureColumn(name="town", kind="category"),),
    products=(FeatureColumn(name="colour", kind="category"), FeatureColumn(name="price", kind="number")),
)


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


@pytest.fixture
def shop_file(tmp_path):
    (tmp_path / "shop.yaml").write_text(TEXT)
    return tmp_path / "shop.yaml"


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("seed", 1),
        ("post_ranking.rules", 4),
        ("post_ranking.rules.0.where.colour", 6),
        ("post_ranking.rules.1.where.colur", 9),
        ("post_ranking.rules.1.amount", 7),
        ("split.eval_window", None),
    ],
)
def test_the_line_of_a_key(shop_file, key, line):
    assert line_of(str(shop_file), key) == line


def test_a_file_that_is_no_yaml_has_no_lines(tmp_path):
    (tmp_path / "bad.yaml").write_text("a: [")
    assert line_of(str(tmp_path / "bad.yaml"), "a") is None


@pytest.mark.parametrize(
    ("rule", "key", "told"),
    [
        ({"action": "only", "where": {"colur": "red"}}, "0.where.colur", "Did you mean `colour`"),
        ({"action": "only", "where": {"colour": {"below": 3}}}, "0.where.colour", "holds no numbers"),
        (
            {"action": "only", "where": {"price": "cheap"}},
            "0.where.price",
            "holds numbers. Received: 'cheap'",
        ),
        ({"action": "at_most", "of": "prise"}, "0.of", "Did you mean `price`"),
        (
            {"action": "never", "where": {"price": 1}, "users": {"city": "x"}},
            "0.users.city",
            "`users` has no",
        ),
    ],
)
def test_a_rule_must_fit_the_database(rule, key, told):
    with pytest.raises(ConfigurationError, match=told) as refused:
        check_rules([Rule.parse(rule)], FEATURES)
    assert refused.value.key == f"post_ranking.rules.{key}"


def test_rules_that_fit_pass():
    fitting = {
        "action": "boost",
        "where": {"price": {"below": 3}, "product_id": ["a"]},
        "users": {"user_id": "u"},
    }
    check_rules([Rule.parse(fitting)], FEATURES)


def test_the_command_line_tells_the_line(shop_file, tmp_path, write_checkerboard, capsys):
    url = write_checkerboard(tmp_path / "shop.db")
    code = main(["run", "--workdir", str(tmp_path / "work"), "--source", url, "--config", str(shop_file)])
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2 and told.endswith(f"({shop_file}, line 9)") and "Did you mean `colour`" in told
    shop_file.write_text("seed: 1\nretrieval:\n  embeding_dim: 3\n")
    assert main(["run", "--source", url, "--config", str(shop_file)]) == 2
    told = capsys.readouterr().err.strip()
    assert told.endswith(f"Did you mean `retrieval.embedding_dim`? ({shop_file}, line 3)")

"""Errors of a configuration name the line of the file."""

import pytest

from pipeline.cli import main
from pipeline.config.lines import line_of
from pipeline.planning.rule_check import check_rules
from schema.errors import ConfigurationError
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


@pytest.fixture
def file(tmp_path):
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
def test_the_line_of_a_key(file, key, line):
    assert line_of(str(file), key) == line


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


def test_the_command_line_tells_the_line(file, tmp_path, write_checkerboard, capsys):
    url = write_checkerboard(tmp_path / "shop.db")
    code = main(["run", "--workdir", str(tmp_path / "work"), "--source", url, "--config", str(file)])
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 2 and told.endswith(f"({file}, line 9)") and "Did you mean `colour`" in told
    file.write_text("seed: 1\nretrieval:\n  embeding_dim: 3\n")
    assert main(["run", "--source", url, "--config", str(file)]) == 2
    assert (
        capsys.readouterr().err.strip().endswith(f"Did you mean `retrieval.embedding_dim`? ({file}, line 3)")
    )

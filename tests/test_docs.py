"""README.md says all there is: nodes, targets, commands, options' defaults and configuration keys."""

import re
from pathlib import Path

import pytest

from pipeline.cli import COMMANDS, build_parser
from pipeline.config.reference import config_keys, config_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_is_documented():
    assert [command.NAME for command in COMMANDS if f"`towerline {command.NAME}" not in README] == []


def test_every_documented_command_exists():
    documented = set(re.findall(r"`towerline ([a-z]+)", README))
    assert documented == {command.NAME for command in COMMANDS}


def test_every_make_target_is_documented():
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M)
    assert len(targets) >= 7
    assert [target for target in targets if f"`make {target}`" not in README] == []


def test_every_node_is_documented():
    wiring = (ROOT / "pipeline" / "create_pipeline.py").read_text()
    nodes = re.findall(r'"([A-Z]\w+)": \w+[,}]', wiring)
    assert len(nodes) == 22
    assert [node for node in nodes if f"| `{node}` |" not in README] == []


def test_configuration_table_is_up_to_date():
    assert config_table() in README, (
        "run `python -m pipeline.config.reference` and put its output into README.md"
    )


@pytest.mark.parametrize("key", ["source.url", "events.weights", "split.eval_window", "beam.args", "seed"])
def test_promised_keys_are_there(key):
    assert key in {name for name, _, _ in config_keys()}


def test_commands_of_the_metadata_page_are_understood():
    text = (ROOT / "docs" / "metadata.md").read_text(encoding="utf-8")
    commands = {
        found for found in re.findall(r"towerline ([a-z][^`\n]*)", text) if not set(found) & set("[<|")
    }
    assert len(commands) >= 9
    for command in sorted(commands):
        build_parser().parse_args([re.sub("^N$", "5", word) for word in command.split()])
    assert {command.split()[0] for command in commands} >= {"runs", "inspect", "report", "gc"}


def test_notice_of_the_demo_data_is_shown():
    assert "for education and exploration" in README


def test_every_decision_has_its_sections():
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        for section in ("Status", "Context", "Decision", "Consequences", "Not in scope"):
            assert f"## {section}" in text, path.name

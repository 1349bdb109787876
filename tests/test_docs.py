"""The pages say all there is: nodes, targets, commands, options and configuration keys."""

import re
from pathlib import Path

import pytest

from pipeline.cli import COMMANDS, build_parser
from pipeline.reference import command_line_page, config_keys, configuration_page, configuration_schema

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_every_command_is_documented():
    assert [command.NAME for command in COMMANDS if f"`towerline {command.NAME}" not in README] == []


def test_every_documented_command_exists():
    documented = set(re.findall(r"`towerline ([a-z]+)", README))
    assert documented == {command.NAME for command in COMMANDS}


def test_every_make_target_is_documented():
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.M)
    assert len(targets) >= 8
    assert [target for target in targets if f"| `make {target}` |" not in CONTRIBUTING] == []
    assert set(re.findall(r"`make ([a-z]+)`", CONTRIBUTING)) == set(targets)


def test_every_node_is_documented():
    wiring = (ROOT / "pipeline" / "create_pipeline.py").read_text()
    nodes = re.findall(r'"([A-Z]\w+)": \w+[,}]', wiring)
    assert len(nodes) == 22
    assert [node for node in nodes if f"| `{node}` |" not in README] == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("configuration.md", configuration_page),
        ("configuration.schema.json", configuration_schema),
        ("cli.md", command_line_page),
    ],
)
def test_pages_that_are_made_of_the_code_are_up_to_date(name, content):
    assert content() == (ROOT / "docs" / name).read_text(encoding="utf-8"), "run `make docs`"


def test_every_option_of_every_command_has_its_line():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^#+ `towerline ([a-z ]+)`\n(.*?)(?=^#|\Z)", page, re.M | re.S))
    assert {"run", "serve", "inspect lineage"} <= set(sections) >= {command.NAME for command in COMMANDS}
    assert "| `--grpc-port PORT` |" in sections["serve"] and "(8500)" in sections["serve"]
    assert "| `--item USER PRODUCT` |" in sections["inspect lineage"]


def test_readme_is_short_and_its_pictures_are_small():
    assert len(README.splitlines()) <= 120
    pictures = list((ROOT / "docs" / "images").iterdir())
    assert {path.name for path in pictures} == set(re.findall(r"docs/images/(\S+)\)", README))
    assert all(path.stat().st_size < 200_000 for path in pictures)


def test_the_index_names_every_page():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert set(re.findall(r"^\| \[(\S+\.md)\]", index, re.M)) == pages


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            slugs = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
            assert anchor in slugs, link


def test_files_that_contributing_names_are_there():
    named = re.findall(
        r"`((?:pipeline|serving|components|trainer|schema|transform|tests)/[\w/.]*)`", CONTRIBUTING
    )
    assert len(named) >= 20
    assert [path for path in named if not (ROOT / path).exists()] == []


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
    terms = (ROOT / "docs" / "demo-data.md").read_text(encoding="utf-8")
    assert "for education and exploration" in README and "for education and exploration" in terms


def test_every_decision_has_its_sections():
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        for section in ("Status", "Context", "Decision", "Consequences", "Not in scope"):
            assert f"## {section}" in text, path.name

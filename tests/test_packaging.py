"""What is installed, what the wheel holds, and which process environment our packages make."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("pipeline", "serving", "benchmarks", "components", "transform", "trainer", "kernel", "schema")


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "requirements", "README.md", *PACKAGES, "tests"):
        (source / name).symlink_to(ROOT / name)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl"))).namelist()


def test_wheel_holds_the_pages_of_the_server(wheel_names):
    pages = {str(path.relative_to(ROOT)) for path in (ROOT / "serving" / "static").iterdir()}
    assert len(pages) >= 6 and pages <= set(wheel_names)


def test_wheel_holds_every_module_and_no_tests(wheel_names):
    modules = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules <= set(wheel_names)
    others = {name.split("/")[0] for name in wheel_names} - set(PACKAGES)
    assert all(name.endswith(".dist-info") for name in others), others


@pytest.mark.parametrize("name", PACKAGES)
def test_names_resolve_to_ours(name, tmp_path):
    code = f"import {name}; print({name}.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == ROOT / name / "__init__.py"


@pytest.mark.parametrize("name", ["benchmarks", "components", "transform", "trainer", "pipeline"])
def test_keras_2_is_chosen_whatever_the_environment_says(name):
    code = f"import {name}, os; print(os.environ['TF_USE_LEGACY_KERAS'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"TF_USE_LEGACY_KERAS": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_lock_has_hashes_and_no_address():
    for name in ("requirements.lock", "data.lock"):
        text = (ROOT / "requirements" / name).read_text()
        assert "://" not in text and "index-url" not in text
        entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if re.match("[a-z0-9]", entry)]
        assert entries and all("--hash=sha256:" in entry for entry in entries)


def test_doctor_expects_what_the_lock_installs():
    from pipeline.commands.doctor import PACKAGES as EXPECTED

    locked = dict(
        re.findall(
            r"^([a-z0-9-]+)(?:\[[^]]*\])?==(\S+)",
            (ROOT / "requirements" / "requirements.lock").read_text(),
            re.M,
        )
    )
    assert {name: locked.get(name) for name in EXPECTED} == EXPECTED


def test_modules_and_functions_are_short():
    import ast

    too_long = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text()
            if text.count("\n") > 300:
                too_long.append(str(path))
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 60:
                    too_long.append(f"{path}:{node.name}")
    assert too_long == []

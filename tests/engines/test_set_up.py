"""`make engines` on a machine that lacks something: one line that says what, and how to get it."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def machine(tmp_path):
    """A machine of a few programs: `machine(java=17)` also has a Java that says so."""
    for name in ("bash", "dirname", "sed", "cat", "cksum", "env"):
        (tmp_path / name).symlink_to(shutil.which(name))

    def run(java=None):
        if java is not None:
            program = tmp_path / "java"
            program.write_text(f"#!/bin/sh\necho 'openjdk version \"{java}.0.1\" 2025-01-01' >&2\n")
            program.chmod(0o755)
        command = [str(ROOT / ".ci" / "engines")]
        return subprocess.run(
            command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize(
    ("java", "told"),
    [
        (None, "no Java, in which Flink and Spark run. Remedy: install openjdk-17-jre-headless."),
        (
            21,
            "Flink 1.19 and Spark 3.5 run in Java 11 to 17, and this is 21. Remedy: install "
            "openjdk-17-jre-headless.",
        ),
        (17, "no Maven (mvn), which fetches Flink and Spark. Remedy: install maven."),
    ],
)
def test_what_a_machine_lacks(machine, java, told):
    done = machine(java)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"Engines stopped: {told}\n"


@pytest.mark.parametrize(("go", "seen"), [(None, "none"), ("go1.25.3", "go1.25.3")])
def test_kubernetes_needs_go(tmp_path, go, seen):
    for name in ("bash", "dirname", "sed"):
        (tmp_path / name).symlink_to(shutil.which(name))
    if go:
        (tmp_path / "go").write_text(f"#!/bin/sh\necho {go}\n")
        (tmp_path / "go").chmod(0o755)
    command = [str(ROOT / ".ci" / "kubernetes")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        f"Kubernetes stopped: an API server is built by Go 1.26 or newer, and this is {seen}. "
        "Remedy: install Go from your system.\n"
    )


def test_a_jar_of_jars(tmp_path):
    """Lines of a manifest have at most 72 bytes with their end, and those that go on begin with a space."""
    jars = [f"{'long' * 9}-{number}.jar" for number in range(20)]
    (tmp_path / "jars").mkdir()
    for name in jars:
        (tmp_path / "jars" / name).touch()
    command = [sys.executable, ROOT / "tests" / "engines" / "job_server_jar.py", tmp_path / "x.jar"]
    subprocess.run([*command, "org.example.Main", tmp_path / "jars"], check=True)
    with zipfile.ZipFile(tmp_path / "x.jar") as archive:
        text = archive.read("META-INF/MANIFEST.MF").decode()
    assert max(map(len, text.split("\r\n"))) <= 70
    fields = dict(line.split(": ", 1) for line in text.replace("\r\n ", "").split("\r\n") if line)
    assert fields["Main-Class"] == "org.example.Main"
    assert fields["Class-Path"].split() == sorted(f"jars/{name}" for name in jars)

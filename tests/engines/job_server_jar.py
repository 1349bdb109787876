"""Writes a jar that holds nothing but a manifest, which names the jars of a job server and its main class.

It takes the place of Beam's shadow jar, which has all of them in one file:

    python job_server_jar.py job-server.jar org.apache.beam.runners.flink.FlinkJobServerDriver jars
"""

import sys
import zipfile
from pathlib import Path

OPENED = (
    *(
        f"java.base/java.{name}"
        for name in ("lang", "lang.invoke", "util", "util.concurrent", "nio", "net", "io")
    ),
    "java.base/java.util.concurrent.atomic",
    *(f"java.base/sun.{name}" for name in ("nio.ch", "nio.cs", "security.action")),
)
"""Packages of Java 17 that the engines look into by reflection."""


def folded(line: str) -> str:
    """A manifest's lines have at most 72 bytes with their end; what goes on begins with a space."""
    rest = [line[start : start + 69] for start in range(70, len(line), 69)]
    return "\r\n ".join([line[:70], *rest])


def manifest(main_class: str, jars: list[str]) -> str:
    lines = (
        "Manifest-Version: 1.0",
        f"Main-Class: {main_class}",
        f"Add-Opens: {' '.join(OPENED)}",
        f"Class-Path: {' '.join(jars)}",
    )
    return "".join(folded(line) + "\r\n" for line in lines) + "\r\n"


def main(target: str, main_class: str, folder: str) -> None:
    jars = sorted(path.name for path in Path(folder).glob("*.jar"))
    with zipfile.ZipFile(target, "w") as archive:
        content = manifest(main_class, [f"{Path(folder).name}/{jar}" for jar in jars])
        archive.writestr("META-INF/MANIFEST.MF", content)


if __name__ == "__main__":
    main(*sys.argv[1:4])

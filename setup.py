"""Builds the distribution; Apache Beam also calls this file to package our code for its workers."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.sdist import sdist

PACKAGES = ("pipeline", "serving", "benchmarks", "components", "transform", "trainer", "kernel", "schema")
REQUIREMENTS = Path(__file__).with_name("requirements") / "requirements.in"


def dependencies() -> list[str]:
    """Returns the direct dependencies; none where a worker of Beam builds the source distribution.

    The file is not in it on purpose: a worker's image has the locked packages, whose published bounds pip
    would find in conflict if it were to resolve them.
    """
    if not REQUIREMENTS.is_file():
        return []
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


class SourceDistribution(sdist):
    """The source distribution without the list of dependencies."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copies them, except what an earlier list of the checkout brought back."""
        super().make_release_tree(base_dir, [name for name in files if Path(name).name != REQUIREMENTS.name])


setup(
    cmdclass={"sdist": SourceDistribution},
    packages=find_packages(include=[pattern for name in PACKAGES for pattern in (name, f"{name}.*")]),
    install_requires=dependencies(),
)

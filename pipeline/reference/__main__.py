"""Writes the pages anew: `python -m pipeline.reference [docs]`."""

import sys
from pathlib import Path

from pipeline.reference.command_line import command_line_page
from pipeline.reference.configuration import configuration_page, configuration_schema
from schema.files import write_text


def write_pages(folder: Path) -> None:
    """Writes them into a folder."""
    write_text(folder / "configuration.md", configuration_page())
    write_text(folder / "configuration.schema.json", configuration_schema())
    write_text(folder / "cli.md", command_line_page())


if __name__ == "__main__":
    write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))

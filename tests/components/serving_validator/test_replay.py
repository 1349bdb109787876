"""The replay script needs TensorFlow and numpy only."""

import ast
import sys
from pathlib import Path

from components.serving_validator import requests


def test_the_script_imports_nothing_of_ours_or_of_tfx():
    script = Path(requests.__file__).with_name("replay.py")
    imported = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.split(".")[0])
    assert imported - sys.stdlib_module_names == {"numpy", "tensorflow"}

"""The digest changes with the code that makes artifacts, and with nothing else."""

import pytest

from pipeline.planning.code_digest import code_digest


@pytest.fixture
def root(tmp_path):
    for package in ("components", "kernel", "schema", "trainer", "transform", "pipeline"):
        (tmp_path / package / "inner").mkdir(parents=True)
        (tmp_path / package / "inner" / "code.py").write_text("a = 1")
    return tmp_path


@pytest.mark.parametrize("package", ["components", "kernel", "schema", "trainer", "transform"])
def test_code_counts(root, package):
    before = code_digest(root)
    (root / package / "inner" / "code.py").write_text("a = 2")
    changed = code_digest(root)
    (root / package / "inner" / "code.py").rename(root / package / "code.py")
    assert len({before, changed, code_digest(root)}) == 3


def test_the_rest_does_not(root):
    before = code_digest(root)
    (root / "pipeline" / "inner" / "code.py").write_text("a = 2")
    (root / "schema" / "inner" / "code.cpython-311.pyc").write_bytes(b"x")
    assert code_digest(root) == before


def test_our_own_code_is_found():
    assert code_digest() == code_digest() != code_digest.__globals__["hashlib"].sha256().hexdigest()

"""Versions of the push directory."""

from schema.served.versions import newest_version, next_version, versions


def test_only_folders_named_by_a_number_are_versions(tmp_path):
    for name in ("9", "10", ".towerline-push-11.partial", "12.tmp", "²"):
        (tmp_path / name).mkdir()
    (tmp_path / "99").touch()
    assert versions(tmp_path) == [9, 10]
    assert newest_version(tmp_path) == 10
    assert newest_version(tmp_path / "absent") is None


def test_versions_increase_even_when_the_clock_goes_back(tmp_path):
    assert next_version(tmp_path, now=100) == 100
    (tmp_path / "100").mkdir()
    assert next_version(tmp_path, now=200) == 200
    assert next_version(tmp_path, now=100) == 101
    assert next_version(tmp_path, now=50) == 101

"""Versions are pushed while requests come, and what is measured stands in a table."""

import pytest

from benchmarks.serving import soak


def test_a_version_is_pushed_again_whole_and_the_one_before_it_stays(tmp_path):
    for version in (8, 9):
        (tmp_path / str(version)).mkdir()
        (tmp_path / str(version) / "model").write_text(f"of {version}")
    assert soak.push_again(tmp_path, 9) == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10", "9"]
    assert (tmp_path / "10" / "model").read_text() == "of 9"


def test_a_row_for_each_part():
    told = soak.markdown(
        [soak.Stretch(2000, 1, 10.04, 19.96, 0, 1.234), soak.Stretch(4000, 2, 9.0, 20.0, 3, 1.3)]
    )
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in told.splitlines()[2:]]
    assert rows == [["2,000", "1", "10.0", "20.0", "0", "1.23"], ["4,000", "2", "9.0", "20.0", "3", "1.30"]]


def test_a_folder_without_a_model_is_said(tmp_path, capsys):
    (tmp_path / "shop.db").touch()
    assert soak.main(["--workdir", str(tmp_path), "--source", str(tmp_path / "shop.db")]) == 2
    assert capsys.readouterr().err == f"No model has been pushed. Received: --workdir {tmp_path}.\n"


@pytest.mark.parametrize("wrong", [("--stretches", "0"), ("--rate", "0"), ("--requests", "5")])
def test_settings_that_do_not_go_together(wrong, tmp_path):
    with pytest.raises(SystemExit) as ended:
        soak.main(["--source", str(tmp_path / "shop.db"), *wrong])
    assert ended.value.code == 2

"""Tables go to disk and back, and what is not what was written is refused."""

import json

import numpy as np
import pytest

from kernel.description import FORMAT, Description, KernelError, read_tables, withdraw, write_tables

ARRAYS = {"one": np.arange(6, dtype=np.int32).reshape(2, 3), "two.part": np.ones(4, np.float32)}


@pytest.fixture
def folder(tmp_path):
    description = Description(
        FORMAT,
        "",
        {"number": 3, "rates": [0.5]},
        {"classics": ("a", "b")},
        ("town",),
        {},
        (("user__town", "Ulm"),),
    )
    write_tables(tmp_path / "kernel", description, ARRAYS)
    return tmp_path / "kernel"


def change(folder, **values):
    path = folder / "kernel.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_there_and_back(folder):
    description, arrays = read_tables(folder)
    assert description.settings == {"number": 3, "rates": [0.5]}
    assert description.features == {"classics": ("a", "b")} and description.columns == ("town",)
    assert description.segments == (("user__town", "Ulm"),)
    assert {name: values.tolist() for name, values in arrays.items()} == {
        name: values.tolist() for name, values in ARRAYS.items()
    }


def test_the_first_format_says_nothing_of_users_without_history(folder):
    path = folder / "kernel.json"
    content = json.loads(path.read_text()) | {"format": 1}
    del content["segments"]
    path.write_text(json.dumps(content))
    description, arrays = read_tables(folder)
    assert description.segments is None and set(arrays) == set(ARRAYS)


def test_tables_of_before_say_nothing_of_the_signature_that_makes_lists(folder):
    assert read_tables(folder)[0].finish is False
    path = folder / "kernel.json"
    content = json.loads(path.read_text()) | {"format": 2}
    del content["finish"]
    path.write_text(json.dumps(content))
    assert read_tables(folder)[0].finish is False


def test_other_types_are_not_written(folder):
    with pytest.raises(ValueError, match="Received: one=float64"):
        write_tables(folder, read_tables(folder)[0], {"one": np.zeros(1)})


def test_no_tables(tmp_path):
    with pytest.raises(KernelError, match="pushed without tables"):
        read_tables(tmp_path / "kernel")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"format": FORMAT + 1}, f"format {FORMAT + 1}"),
        ({"uncovered": "the kernel does not cover rules"}, "does not cover rules"),
        ({"features": 3}, "kernel.json is damaged"),
        ({"unknown": 3}, "kernel.json is damaged"),
        ({"tables": {"../one": {}}}, "table `../one` is missing"),
        ({"tables": {"three": {}}}, "table `three` is missing"),
        (
            {"tables": {"one": {"dtype": "int32", "shape": [2, 3], "crc32": 1}}},
            "not the one that was written",
        ),
        (
            {"tables": {"one": {"dtype": "int64", "shape": [2, 3], "crc32": 1}}},
            "not the one that was written",
        ),
    ],
)
def test_foreign_descriptions(folder, values, message):
    change(folder, **values)
    with pytest.raises(KernelError, match=message):
        read_tables(folder)


def test_a_description_that_is_no_json(folder):
    (folder / "kernel.json").write_text("{")
    with pytest.raises(KernelError, match="damaged"):
        read_tables(folder)


@pytest.mark.parametrize("keep", [0, 20, 100, -1])
def test_a_table_cut_short(folder, keep):
    path = folder / "one.npy"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(KernelError, match="table `one`"):
        read_tables(folder)


def test_a_changed_number(folder):
    path = folder / "two.part.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(KernelError, match=r"two\.part` is not the one"):
        read_tables(folder)


def test_tables_are_withdrawn_with_a_reason(folder):
    withdraw(folder, "its lists differ")
    assert [path.name for path in folder.iterdir()] == ["kernel.json"]
    with pytest.raises(KernelError, match="its lists differ"):
        read_tables(folder)

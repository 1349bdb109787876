"""What two runs of the Beam nodes have to agree in."""

from __future__ import annotations

from pathlib import Path

from schema import names


def files(artifacts: Path, node: str) -> dict[str, Path]:
    """Path below the execution's folder -> file."""
    folders = [
        path for path in (artifacts / node).glob("*/*") if path.is_dir() and path.parent.name[0] != "."
    ]
    return {
        f"{folder.parent.name}/{path.relative_to(folder)}": path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def records(paths):
    import tensorflow as tf

    found = tf.data.TFRecordDataset(sorted(map(str, paths)), "GZIP")
    # The columns of a record stand in any order.
    examples = (tf.train.Example.FromString(record.numpy()) for record in found)
    return sorted(example.SerializeToString(deterministic=True) for example in examples)


def without_sketches(feature):
    """The statistics but for quantiles, which are sketches: they depend on the order of the merges."""
    exact = type(feature)()
    exact.CopyFrom(feature)
    kind = exact.WhichOneof("stats")
    of_kind = getattr(exact, kind)
    of_kind.common_stats.ClearField("num_values_histogram")
    if kind == "num_stats":
        of_kind.ClearField("histograms")
        of_kind.ClearField("median")
        of_kind.mean, of_kind.std_dev = (float(f"{value:.9g}") for value in (of_kind.mean, of_kind.std_dev))
    return exact.SerializeToString(deterministic=True)


def statistics(path):
    from tensorflow_data_validation import load_stats_binary

    (dataset,) = load_stats_binary(str(path)).datasets
    return dataset.num_examples, {
        tuple(feature.path.step): without_sketches(feature) for feature in dataset.features
    }


def transformed(found):
    return {
        split: records(
            path
            for key, path in found.items()
            if key.startswith("transformed_examples/") and f"Split-{split}/" in key
        )
        for split in names.SPLITS
    }


def assert_equal_data(expected: Path, found: Path) -> None:
    """Examples and vocabularies byte for byte, equal statistics and transformed rows."""
    ours, theirs = (files(folder, "ProductExampleGen") for folder in (expected, found))
    assert set(ours) == set(theirs) and len(ours) >= 10
    assert [key for key in ours if ours[key].read_bytes() != theirs[key].read_bytes()] == []
    ours, theirs = (files(folder, "StatisticsGen") for folder in (expected, found))
    assert set(ours) == set(theirs) and len(ours) == 4
    for key in ours:
        assert statistics(ours[key]) == statistics(theirs[key]), key
    ours, theirs = (files(folder, "Transform") for folder in (expected, found))
    vocabularies = [key for key in ours if "/transform_fn/assets/" in key]
    assert vocabularies
    assert [key for key in vocabularies if ours[key].read_bytes() != theirs[key].read_bytes()] == []
    assert transformed(ours) == transformed(theirs)
    assert all(transformed(ours).values())


def metrics_of(evaluation: Path) -> dict[tuple, dict[str, float]]:
    """Slice -> metric -> value, of an evaluation of TFMA."""
    import tensorflow_model_analysis as tfma

    return {
        slice_key: {
            name: value["doubleValue"] for name, value in values[""][""].items() if "doubleValue" in value
        }
        for slice_key, values in tfma.load_eval_result(str(evaluation)).slicing_metrics
    }

"""Runs the preprocessing graph on plain rows with tft's own Beam, as the Transform component does."""

from __future__ import annotations

from pathlib import Path


def transform_rows(directory: Path, features, splits: dict[str, list[dict]], analysed: tuple[str, ...]):
    """Analyses and transforms rows given as name -> list of values.

    Args:
        directory: Gets `transform_graph` and one folder `Split-<name>` of compressed TFRecords a split.
        features: The feature set.
        splits: Split -> rows; a feature that a row has not is left out.
        analysed: Splits whose rows fill the vocabularies.

    Returns:
        The `tft.TFTransformOutput`.
    """
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata

    from schema.tensors.tf_schema import build_schema
    from transform.preprocessing import preprocessing_fn

    schema = build_schema(features)
    metadata = dataset_metadata.DatasetMetadata(schema)
    empty = {feature.name: [] for feature in schema.feature}
    graph = directory / "transform_graph"
    config = {"features": features.to_json()}
    with beam.Pipeline() as pipeline, tft_beam.Context(temp_dir=str(directory / "tmp")):
        rows = {
            name: pipeline | f"Create{name}" >> beam.Create([empty | row for row in split])
            for name, split in splits.items()
        }
        both = [rows[name] for name in analysed] | beam.Flatten()
        function = (both, metadata) | tft_beam.AnalyzeDataset(lambda raw: preprocessing_fn(raw, config))
        _ = function | tft_beam.WriteTransformFn(str(graph))
        for name, split in rows.items():
            data, found = ((split, metadata), function) | f"Transform{name}" >> tft_beam.TransformDataset()
            coder = tft.coders.ExampleProtoCoder(found.schema)
            _ = (
                data
                | f"Encode{name}" >> beam.Map(coder.encode)
                | f"Write{name}"
                >> beam.io.WriteToTFRecord(
                    str(directory / f"Split-{name}" / "data_tfrecord"), file_name_suffix=".gz", num_shards=1
                )
            )
    return tft.TFTransformOutput(str(graph))


def read_transformed(directory: Path, split: str) -> list[dict]:
    """Rows of a split as name -> list of values, without any code of ours."""
    import tensorflow as tf

    rows = []
    for path in sorted((directory / f"Split-{split}").glob("*.gz")):
        for record in tf.data.TFRecordDataset(str(path), "GZIP"):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            rows.append({name: list(_values(feature)) for name, feature in features.items()})
    return rows


def _values(feature):
    kind = feature.WhichOneof("kind")
    return getattr(feature, kind).value if kind else ()

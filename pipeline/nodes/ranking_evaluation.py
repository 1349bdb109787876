"""What TFMA measures of the ranker, on which slices, and the thresholds that bless it."""

from __future__ import annotations

from typing import Any

from components.settings import GateSettings
from schema import names
from schema.features import FeatureSet, Kind

_MAX_USER_SLICES = 2


def ranking_eval_config(features: FeatureSet, gates: GateSettings) -> Any:
    """Returns the `EvalConfig` of the RankingEvaluator.

    Every candidate of a query is one prediction: the probability that it is bought in the window. Slices
    are the user's activity and the first category columns of the user.
    """
    from tensorflow_model_analysis.proto import config_pb2 as tfma

    floor = tfma.PerSliceMetricThreshold(
        slicing_specs=[tfma.SlicingSpec()],  # only overall: a slice of one user proves nothing
        threshold=tfma.MetricThreshold(
            value_threshold=tfma.GenericValueThreshold(lower_bound={"value": gates.min_auc})
        ),
    )
    metrics = [
        tfma.MetricConfig(class_name="AUC", per_slice_thresholds=[floor]),
        *(
            tfma.MetricConfig(class_name=name)
            for name in ("ExampleCount", "BinaryCrossEntropy", "Calibration")
        ),
        tfma.MetricConfig(class_name="AUCPrecisionRecall"),
    ]
    columns = [name for name, column in features.user_columns().items() if column.kind is Kind.CATEGORY]
    slices = [tfma.SlicingSpec(), tfma.SlicingSpec(feature_keys=[names.ACTIVITY])]
    slices += [tfma.SlicingSpec(feature_keys=[name]) for name in columns[:_MAX_USER_SLICES]]
    model = tfma.ModelSpec(
        signature_name="serving_default", prediction_key="probabilities", label_key=names.IS_TARGET
    )
    return tfma.EvalConfig(
        model_specs=[model], metrics_specs=[tfma.MetricsSpec(metrics=metrics)], slicing_specs=slices
    )

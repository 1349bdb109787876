"""What each choice of the two models is worth: variants trained on the artifacts of a finished run.

    python -m benchmarks.ablation .towerline

Only the eval window is looked at. The trainers' own `run_fn` is called, without TFX around it.
"""

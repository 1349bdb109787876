"""Evaluating two towers on the full catalogue: TensorFlow Recommenders' FactorizedTopK against ours.

    python -m benchmarks.evaluation

Both are given the same unit vectors of users and products. FactorizedTopK asks for one (user, target) pair a
row and so searches the catalogue once for each target; here it is searched once for each user, and all
targets of the user are looked up in the one list. Beside the accuracies that both give, ours computes every
metric of `components.evaluation.metrics` for each user, with bootstrap intervals of their means.

Targets are matched by id in both. Without ids FactorizedTopK compares the target's score with its own copy in
the index, which another order of summation may have rounded to just above it.
"""

"""Metrics, bootstrap intervals, baselines and gates: one judge for every list of recommendations."""

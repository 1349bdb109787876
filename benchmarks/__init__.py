"""Benchmarks, each against a real baseline in the same run."""

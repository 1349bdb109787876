"""Judges the composed recommender on the test window and blesses it."""

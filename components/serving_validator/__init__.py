"""Serves the model from a fresh process before anybody depends on it."""

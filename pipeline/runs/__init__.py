"""Runs the pipeline here, and tells what a run came to."""

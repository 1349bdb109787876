"""The retrieval and ranking models."""

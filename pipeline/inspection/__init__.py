"""Answers about what ML Metadata holds; reads records and files, never TFX."""

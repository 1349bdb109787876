"""Folders of Parquet and CSV files."""

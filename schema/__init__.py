"""The database contract, feature names and settings that every other package shares."""

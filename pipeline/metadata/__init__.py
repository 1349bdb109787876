"""ML Metadata: where it is kept, reading and writing."""

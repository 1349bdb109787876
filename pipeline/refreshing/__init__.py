"""The pushed version made again from the events up to now, with its towers and rankers as they are."""

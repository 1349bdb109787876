"""How fast the commands that look into ML Metadata are on a store of many runs."""

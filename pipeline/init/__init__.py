"""Looks at a foreign database and writes the `towerline.yaml` that maps it."""

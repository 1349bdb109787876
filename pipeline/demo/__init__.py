"""Real product databases from installed data packages, for trying Towerline out."""

"""What both models use: what the Trainer passes, the catalogue, workers, and fitting by a measure."""

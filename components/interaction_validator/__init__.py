"""InteractionValidator: what a schema of single columns cannot check; it stops the run."""

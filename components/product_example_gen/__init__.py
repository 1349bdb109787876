"""ProductExampleGen: the product database as point-in-time correct examples."""

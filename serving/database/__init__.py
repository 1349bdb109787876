"""What is read of the product database."""

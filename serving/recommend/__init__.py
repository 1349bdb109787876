"""From a request to a list."""

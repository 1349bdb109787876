"""From the configuration and its files to one validated object."""

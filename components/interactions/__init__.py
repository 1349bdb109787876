"""Interactions as a library: files of the artifact, its events as arrays, and neighbours counted of them."""

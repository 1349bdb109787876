"""Puts a blessed model where it is served, in one step."""

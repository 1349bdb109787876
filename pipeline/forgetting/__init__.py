"""Forgetting a person: who is left out from now on, where they still stand, and what becomes of it."""

"""From a foreign database to a finished run: `init`, `doctor` and `run` as commands of their own, unedited.

The databases are those of the tests: reduced schemas of seven well-known sample databases and of the shop
systems, as they are declared, with generated rows, on the real servers. Needs a checkout with its tests.
"""

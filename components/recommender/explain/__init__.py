"""Why a product stands in a list: the recent product that it goes with, and the score of each stage."""

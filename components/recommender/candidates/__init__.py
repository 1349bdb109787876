"""The hybrid of candidate sources, as a graph shared by training and serving."""

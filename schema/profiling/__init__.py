"""One look at a database before anything is made of it: what is in it, and how it is read."""

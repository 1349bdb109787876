"""The way of one product through the stages: the signature `explain`."""

"""BaselineRecommender: what the tuned classics would recommend to the users of the test window."""

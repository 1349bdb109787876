"""Products that the shop has and the model does not know yet."""

"""What is pushed beside the SavedModel: the products, users with their histories, and what segments buy."""

"""Why a product is, or is not, in a user's list, and what would bring it in."""

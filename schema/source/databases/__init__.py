"""SQL databases: the statements, and what differs between them."""

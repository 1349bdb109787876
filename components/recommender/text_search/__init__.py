"""Search by words: what can be searched of a product, and the index in the graph."""

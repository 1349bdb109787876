"""Users without history: what is popular in each segment, and their lists in the graph."""

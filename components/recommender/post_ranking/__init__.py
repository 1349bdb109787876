"""The third stage in the graph: filters, rules, and what changes the order of a list; one file each."""

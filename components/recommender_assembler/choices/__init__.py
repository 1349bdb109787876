"""What post-ranking may spend of the order of the ranker, chosen by measuring on the eval window."""

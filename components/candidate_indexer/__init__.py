"""CandidateIndexer: candidate embeddings and what is known of each product at each cutoff."""

"""PrerankingTrainer: fits the small network that cuts the pool of candidates."""

"""CandidateGenerator: the lists of candidates on which the ranker is trained."""

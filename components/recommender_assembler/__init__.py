"""RecommenderAssembler: retrieval, ranking and post-ranking as one SavedModel."""

"""RetrievalEvaluator: what each candidate source finds."""

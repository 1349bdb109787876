"""The two-tower retrieval model; `run.run_fn` trains it."""

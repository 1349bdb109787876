"""The ranking model; `run.run_fn` trains it."""

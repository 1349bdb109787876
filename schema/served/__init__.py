"""What the served model and its readers share: requests, candidates, sources, traces, versions."""

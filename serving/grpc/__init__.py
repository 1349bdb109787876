"""TF Serving's gRPC API."""

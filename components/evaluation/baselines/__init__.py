"""The classics that every model has to beat: each counts or factorises the past, none is a network."""

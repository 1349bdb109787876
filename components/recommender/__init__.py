"""The served model as a library: what its graph consists of, from the request to the ordered list."""

"""Values of any database or file, brought to the types that the pipeline works with."""

"""What needs TensorFlow: how rows are parsed, and operations that several packages share."""

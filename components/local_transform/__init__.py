"""Transform in one process: TensorFlow Transform's analysis and rows without a Beam pipeline."""

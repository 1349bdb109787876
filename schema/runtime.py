"""The process environment that TensorFlow needs; imported by every package that can lead to TensorFlow.

TensorFlow Recommenders and TFT's feature layer are written for Keras 2, which `TF_USE_LEGACY_KERAS`
selects when TensorFlow is imported, and never after. Child processes (Beam workers) inherit it.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

"""The server: answers of the pushed model over REST. It needs TensorFlow and the database, nothing of TFX."""

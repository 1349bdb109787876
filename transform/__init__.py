"""The one preprocessing graph of training and serving."""

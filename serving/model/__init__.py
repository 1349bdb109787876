"""The pushed model: loaded, exchanged and asked."""

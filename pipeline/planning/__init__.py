"""From a configuration and a database to a resolved plan."""

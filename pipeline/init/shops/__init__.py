"""Tested mappings of shop systems, as YAML with `<...>` where `init` fills in what it found."""

"""The reference pages that are made of the code: docs/configuration.md, its JSON schema, and docs/cli.md."""

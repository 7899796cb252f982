"""Only generated files: `make generate` writes them from what `rtd/protocol` declares."""

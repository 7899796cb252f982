"""One module per measured system: its app, its tasks, its worker commands and its client."""

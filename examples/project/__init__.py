"""The example project of the guide: each kind of thing in a file of its own."""

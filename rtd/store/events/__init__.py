"""Commands for the streams of events."""

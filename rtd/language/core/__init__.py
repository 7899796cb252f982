"""The shared parts of the language: conditions, views, errors with a place, spans, time zones."""

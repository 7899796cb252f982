"""What all of the language shares: conditions, views, errors with a place, spans, time zones."""

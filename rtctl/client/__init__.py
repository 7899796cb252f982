"""The blocking client: `Client`, its runs, and its connections."""

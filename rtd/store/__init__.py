"""Everything that rtd keeps in Redis, and the only package that talks to it."""

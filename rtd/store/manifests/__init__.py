"""The tasks of each node in Redis, for clients without a daemon."""

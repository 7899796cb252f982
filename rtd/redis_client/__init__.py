"""The verbs of a daemon that need no daemon: a client that has only the Redis of the workers."""

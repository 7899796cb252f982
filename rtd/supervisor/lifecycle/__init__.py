"""The start and the end of a daemon: directories, locks, Redis, startup and shutdown tasks."""

"""Shared memory between supervisor, zygotes and executors: the board, its slots, a wake-up."""

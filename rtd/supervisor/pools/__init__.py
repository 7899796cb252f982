"""Zygotes, the executors that each lane has, and reloads of the app."""

"""The control plane: one process, one thread, one loop, and none of the user's code."""

"""Things that happen to a process, as input to its loop: signals, file changes, the clock."""

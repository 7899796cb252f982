"""The command `rtd`, a verb a file; `main` finds the verb."""

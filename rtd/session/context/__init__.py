"""The run that code is part of: what a task may use in it."""

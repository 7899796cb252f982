"""What the project adds to rtd: conditions, kinds of tasks, hooks."""

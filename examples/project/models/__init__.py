"""Extensions of rtd in this project: conditions, kinds of tasks, hooks."""

"""The traits of a process: what a run can change, and the next run must find as it was."""

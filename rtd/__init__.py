"""rtd: one supervisor for a team's Python tasks and shell commands."""

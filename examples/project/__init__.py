"""The example project of the guide: tasks, parameters, conditions and hooks in separate files."""

"""The settings module of an app, `rt_settings`, by the names of redis-tasks."""

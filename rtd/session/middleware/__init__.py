"""Middleware: code of the app around every run of its tasks."""

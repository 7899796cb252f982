"""Schedules as other programs and people write them. Imported only when a text cannot be read."""

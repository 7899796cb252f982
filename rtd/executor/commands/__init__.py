"""Carrying out commands of the operating system."""

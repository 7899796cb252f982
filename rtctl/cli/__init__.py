"""Shared parts of the commands of rtctl: flags, output, exit codes, requests."""

"""The operating system for rtd: forks, signals, process trees, shared memory.

The only package that forks, sends signals or reads `/proc`. Linux only. Each module does
one thing and can be used alone; nothing here knows run records, Redis or sockets.
"""

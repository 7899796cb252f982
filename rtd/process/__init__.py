"""What rtd asks of the operating system: forks, signals, process trees, shared memory.

The only package that forks, sends signals or reads `/proc`. Linux only. Each module does
one thing and can be used alone; nothing here knows about runs' records, Redis or sockets.
"""

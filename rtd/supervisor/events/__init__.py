"""Events of runs for those who listen: reading the streams, waking followers."""

"""The parts that lanes, runs and output share: options, leased runs, outcomes, the backend."""

"""Making processes and setting them up: fork, daemon, limits, titles, descriptors, users."""

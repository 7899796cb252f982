"""The control socket: one connection per client, one file per verb."""

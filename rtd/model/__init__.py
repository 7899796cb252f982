"""Records, states and policies of rtd: pure data, no I/O. Everything may import it."""

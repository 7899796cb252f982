"""The private Redis that rtd runs by default: find a server, start it, keep it alive, sync it."""

"""The words of other programs and rtd's own in their place."""

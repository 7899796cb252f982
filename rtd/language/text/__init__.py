"""Parts of a leaf that are no times: names in quotes, sizes and numbers."""

"""Times in a leaf: cycles and points in them, windows, crontab lines."""

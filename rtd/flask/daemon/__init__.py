"""The daemon of a Flask app: where it is, what it imports, how it starts."""

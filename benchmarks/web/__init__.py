"""The section `apply`: what it costs a request of a Flask app to queue a run, rtd beside its peers.

`web_app` runs in the environment of each system, under the same server.
"""

"""rtd measured against its peers, on the same machine, in the same run.

``python -m benchmarks`` prints one table. See ``README.md`` in this folder for what each row
means, how the peers are set up and which options there are.
"""

"""The parts of `rtd.flask` that the others share: settings, apps, what parameters may be."""

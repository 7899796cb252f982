"""Records, states, policies and the manifest: the data that rtd stores and sends.

It knows neither Redis nor processes; every package above `rtd.common` may import it.
"""

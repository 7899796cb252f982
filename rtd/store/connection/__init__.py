"""Connections to Redis: a blocking one for executors, an asyncio one for the supervisor.

Both send `rtd.store.connection.command.RedisCommand`; `codec` has what they share.
"""

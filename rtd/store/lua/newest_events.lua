-- newest_events: the newest entries of both streams of events, at one moment, the newest first.
-- ARGV: most entries of each.
return {
  redis.call('XREVRANGE', N .. 'events', '+', '-', 'COUNT', ARGV[1]),
  redis.call('XREVRANGE', N .. 'user_events', '+', '-', 'COUNT', ARGV[1]),
}

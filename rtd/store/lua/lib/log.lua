-- log(events, n): one entry of n events for the stream, which keeps about 10,000 events; when
-- they come in large batches fewer entries are kept, so that its memory stays in bounds.
local function log(events, n)
  if events == '' then return end
  redis.call('XADD', N .. 'events', 'MAXLEN', '~', n > 4 and 1000 or 10000, '*', 'b', events)
end

-- log(events, n): adds an entry of n events to the stream, which keeps about 10,000 events; of
-- large batches it keeps fewer entries, so that its memory stays in bounds.
local function log(events, n)
  if events == '' then return end
  redis.call('XADD', N .. 'events', 'MAXLEN', '~', n > 4 and 1000 or 10000, '*', 'b', events)
end

-- log(events, n): adds an entry of n events to the stream, which keeps about 10,000 events, and
-- publishes them; of large batches it keeps fewer entries, so that its memory stays in bounds.
-- Gives the entry's id. Needs publish.
local function add_entry(events, n)
  local most = n > 4 and 1000 or 10000
  return redis.call('XADD', N .. 'events', 'MAXLEN', '~', most, '*', 'b', events)
end

local function log(events, n)
  if events ~= '' then publish_entry(add_entry(events, n), events) end
end

-- waiting_places: as `waiting`, without the records: id, where, place and item.
-- ARGV: limit, queue.
--@use places waiting
local out = {}
each_waiting(tonumber(ARGV[1]), ARGV[2], function(id, kind, spot)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = id, kind, spot
end)
return out

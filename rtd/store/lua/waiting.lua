-- waiting: reads runs that wait, of one queue or of all: id, where, place and item, record.
-- ARGV: limit, queue.
--@use records places waiting
local ids, where, spots = {}, {}, {}
each_waiting(tonumber(ARGV[1]), ARGV[2], function(id, kind, spot)
  local n = #ids + 1
  ids[n], where[n], spots[n] = id, kind, spot
end)
local blobs, out = records(ids), {}
for i = 1, #ids do
  if blobs[i] then
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = ids[i], where[i], spots[i], blobs[i]
  end
end
return out

-- waiting: reads runs that wait, of one queue or of all: id, where, place and item, record. No
-- internal runs (their queues begin with '@').
-- ARGV: limit, queue.
--@use records places
local LIMIT, QUEUE = tonumber(ARGV[1]), ARGV[2]
local ids, where, spots = {}, {}, {}

local function add(kind, spot)
  if QUEUE ~= '' and string.match(spot, '^[^|]*|([^|]*)|') ~= QUEUE then return end
  local item = string.match(spot, '^[^|]*|[^|]*|[^|]*|(.*)$')
  local n = #ids + 1
  ids[n], where[n], spots[n] = string.sub(item, 1, 26), kind, spot
end

-- Reads a list or sorted set in pieces until there are enough.
local function walk(command, key, kind, prefix)
  local first = 0
  while #ids < LIMIT do
    local piece = redis.call(command, key, first, first + 999)
    for i = 1, #piece do
      if #ids == LIMIT then return end
      add(kind, prefix .. piece[i])
    end
    if #piece < 1000 then return end
    first = first + 1000
  end
end

for _, place in ipairs(places()) do
  local queue = string.match(place, '^[^|]*|([^|]*)|')
  if string.byte(queue) ~= 64 and (QUEUE == '' or queue == QUEUE) then
    walk('LRANGE', N .. 'q:' .. place, 'queue', place .. '|')
  end
end
for _, task in ipairs(redis.call('SMEMBERS', N .. 'holding')) do
  walk('LRANGE', N .. 'held:' .. task, 'held', '')
end
walk('ZRANGE', N .. 'delayed', 'delayed', '')

local blobs, out = records(ids), {}
for i = 1, #ids do
  if blobs[i] then
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4] = ids[i], where[i], spots[i], blobs[i]
  end
end
return out

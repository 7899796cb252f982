-- read_events: entries of both streams of events behind a place in each, at one moment.
-- ARGV: most entries of each, then per stream: where to begin ('(ID', or 'ID' for in the midst of
-- that entry), and the ID. Gives per stream the entries, the id of the entry at the place or
-- before it ('': none is left), and whether some behind it are gone: 0 no, 1 yes, 2 only if there
-- was an entry at the place.
local out = {}

-- How many entries were ever added, nil in a Redis before 7.
local function facts(key)
  local info, added, length = redis.call('XINFO', 'STREAM', key), nil, 0
  for i = 1, #info, 2 do
    if info[i] == 'entries-added' then added = info[i + 1] end
    if info[i] == 'length' then length = info[i + 1] end
  end
  return added, length
end

local function before(key, id)
  local last = redis.call('XREVRANGE', key, id, '-', 'COUNT', 1)
  if #last > 0 then return last[1][1], 0 end
  if redis.call('EXISTS', key) == 0 then return '', 2 end
  local added, length = facts(key)
  return '', added and added > length and 1 or 2
end

for i, name in ipairs({'events', 'user_events'}) do
  local key = N .. name
  local at = 3 * i - 2
  out[at] = redis.call('XRANGE', key, ARGV[2 * i], '+', 'COUNT', ARGV[1])
  out[at + 1], out[at + 2] = before(key, ARGV[2 * i + 1])
end
return out

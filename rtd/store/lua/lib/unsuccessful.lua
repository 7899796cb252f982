-- unsuccessful(ids, chars): for the log of NODE: counts the runs that have ended without success,
-- and keeps the ids of the first ones. The supervisor is rung for the first only, since it takes
-- all that there are at once. Needs ring.
local NAMED = 10

local function unsuccessful(ids, chars)
  local named, counts = {}, {}
  for i = 1, #ids do
    local char = chars[i]
    if char ~= 's' and char ~= 'c' then
      counts[char] = (counts[char] or 0) + 1
      if #named < NAMED then named[#named + 1] = ids[i] end
    end
  end
  if #named == 0 then return end
  local counted, first = N .. 'unlogged:' .. NODE, N .. 'unlogged:ids:' .. NODE
  if redis.call('EXISTS', counted) == 0 then ring_node(NODE, 'unlogged|') end
  for char, count in pairs(counts) do redis.call('HINCRBY', counted, char, count) end
  if redis.call('LLEN', first) < NAMED then
    redis.call('RPUSH', first, unpack(named))
    redis.call('LTRIM', first, 0, NAMED - 1)
  end
end

-- fault: records a fault of the app. ARGV: node, kind, what, message, at (epoch seconds), '1' if
-- it halts the schedule.
--@use ring ring_all
local KEY, MOST = N .. 'faults:' .. NODE, 200
local kind, what, message, at = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local field, first, count = kind .. '|' .. what, at, 1
local old = redis.call('HGET', KEY, field)
if old then
  local fields = cmsgpack.unpack(old)
  first, count = fields[4], fields[6] + 1
else
  if redis.call('HLEN', KEY) >= MOST then
    -- The one that came last the longest ago makes room.
    local rows, quiet, quiet_at = redis.call('HGETALL', KEY), nil, nil
    for i = 1, #rows, 2 do
      local last = cmsgpack.unpack(rows[i + 1])[5]
      if not quiet or last < quiet_at then quiet, quiet_at = rows[i], last end
    end
    redis.call('HDEL', KEY, quiet)
  end
  ring('fault|' .. field)
end
redis.call('HSET', KEY, field, cmsgpack.pack({kind, what, message, first, at, count}))
if ARGV[6] == '1' and
    redis.call('SETNX', N .. 'halted', cmsgpack.pack({kind, what, message, at})) == 1 then
  ring_all('halt|' .. field)
end
return count

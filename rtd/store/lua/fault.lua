-- fault: records a fault of the app. ARGV: node, kind, what, message, at (epoch seconds), '1' if
-- it halts the schedule.
--@use ring ring_all
local KEY, MOST = N .. 'faults:' .. NODE, 200
local kind, what, message, at = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local field, first, count = kind .. '|' .. what, at, 1

-- The times of a stored fault and how often it came; nil if another program has written it.
local function times(row)
  local ok, fields = pcall(cmsgpack.unpack, row)
  if not ok or type(fields) ~= 'table' then return nil end
  if type(fields[4]) ~= 'number' or type(fields[5]) ~= 'number' then return nil end
  return fields[4], fields[5], tonumber(fields[6]) or 0
end

local old = redis.call('HGET', KEY, field)
if old then
  local began, _, before = times(old)
  if began then first, count = began, before + 1 end
else
  if redis.call('HLEN', KEY) >= MOST then
    -- The one that came last the longest ago makes room.
    local rows, quiet, quiet_at = redis.call('HGETALL', KEY), nil, nil
    for i = 1, #rows, 2 do
      local _, last = times(rows[i + 1])
      last = last or 0
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

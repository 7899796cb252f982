-- lend: counts the runs at the heads of the lists of a lane that runs of a node wait for, at most
-- `most` of them, and wakes that many idle executors that take only such runs. Gives the number.
-- ARGV: node, lane, most.
local LANE, MOST = ARGV[2], tonumber(ARGV[3])
local AWAITED, LENT = N .. 'awaited:' .. ARGV[1] .. ':' .. LANE, LANE .. '+lent'
local found = 0

for _, place in ipairs(redis.call('ZREVRANGE', N .. 'walk:' .. LANE, 0, -1)) do
  for _, item in ipairs(redis.call('LRANGE', N .. 'q:' .. place, 0, MOST - found - 1)) do
    if redis.call('SISMEMBER', AWAITED, string.sub(item, 1, 26)) == 0 then break end
    found = found + 1
  end
  if found >= MOST then break end
end
if found == 0 then return 0 end
local idle = redis.call('SPOP', N .. 'idle:' .. LENT, found)
for i = 1, #idle do redis.call('RPUSH', N .. 'bell:' .. idle[i], '') end
return found

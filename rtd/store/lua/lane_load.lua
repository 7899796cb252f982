-- lane_load: counts the runs that could start, the executors that take, and the idle ones.
-- ARGV: lane.
local LANE = ARGV[1]
local queued, execs = 0, 0
for _, place in ipairs(redis.call('ZRANGE', N .. 'walk:' .. LANE, 0, -1)) do
  queued = queued + redis.call('LLEN', N .. 'q:' .. place)
end
for _, status in ipairs(redis.call('HVALS', N .. 'execs')) do
  if string.match(status, '^a([^|]*)|') == LANE then execs = execs + 1 end
end
return {queued, execs, redis.call('SCARD', N .. 'idle:' .. LANE)}

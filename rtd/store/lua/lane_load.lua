-- lane_load: counts the runs that could start on a node, the executors that take, and the idle ones.
-- ARGV: lane, node.
local LANE, HERE = ARGV[1], ARGV[2]
local queued, execs = 0, 0

local function count(lane)
  for _, place in ipairs(redis.call('ZRANGE', N .. 'walk:' .. lane, 0, -1)) do
    queued = queued + redis.call('LLEN', N .. 'q:' .. place)
  end
end

count(LANE)
for _, apart in ipairs(redis.call('SMEMBERS', N .. 'strays')) do
  local lane, task = string.match(apart, '^([^:]*):(.*)$')
  if lane == LANE and redis.call('SISMEMBER', N .. 'having:' .. HERE, task) == 1 then
    count(apart)
  end
end
for _, status in ipairs(redis.call('HVALS', N .. 'execs')) do
  if string.match(status, '^[as]([^|]*)|') == LANE then execs = execs + 1 end
end
return {queued, execs, redis.call('SCARD', N .. 'idle:' .. LANE)}

-- lane_load: counts the runs that could start on a node, the executors that take, and the idle ones:
-- with strays for this node, its own idle ones. ARGV: lane, node.
local LANE, HERE = ARGV[1], ARGV[2]
local queued, execs = 0, 0

local function count(lane)
  for _, place in ipairs(redis.call('ZRANGE', N .. 'walk:' .. lane, 0, -1)) do
    queued = queued + redis.call('LLEN', N .. 'q:' .. place)
  end
end

count(LANE)
local common = queued
for _, apart in ipairs(redis.call('SMEMBERS', N .. 'strays')) do
  local lane, task = string.match(apart, '^([^:]*):(.*)$')
  if lane == LANE and redis.call('SISMEMBER', N .. 'having:' .. HERE, task) == 1 then
    count(apart)
  end
end
for _, status in ipairs(redis.call('HVALS', N .. 'execs')) do
  if string.match(status, '^[as]([^|]*)|') == LANE then execs = execs + 1 end
end
local idle = redis.call('SCARD', N .. 'idle:' .. LANE)
if queued > common and idle > 0 then
  -- Idle executors of other nodes take no strays.
  idle = 0
  for _, exec in ipairs(redis.call('SMEMBERS', N .. 'idle:' .. LANE)) do
    local status = redis.call('HGET', N .. 'execs', exec)
    if status and string.match(status, '|(.*)$') == HERE then idle = idle + 1 end
  end
end
return {queued, execs, idle}

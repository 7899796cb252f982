-- queue_priority: sets a queue's priority, also for the runs that wait in it.
-- ARGV: queue, priority.
local QUEUE, RANK = ARGV[1], tonumber(ARGV[2])
redis.call('HSET', N .. 'queues', QUEUE, ARGV[2])
for _, lane in ipairs(redis.call('SMEMBERS', N .. 'lanes')) do
  local walk = N .. 'walk:' .. lane
  for _, place in ipairs(redis.call('ZRANGE', walk, 0, -1)) do
    local queue, priority = string.match(place, '^[^|]*|([^|]*)|(.*)$')
    if queue == QUEUE then redis.call('ZADD', walk, RANK * 1000 + tonumber(priority), place) end
  end
end
return 1

-- pause: hides the queue's places from `take`. ARGV: node, queue.
--@use ring wake put split unhold
local QUEUE = ARGV[2]
if redis.call('SADD', N .. 'paused', QUEUE) == 0 then return 0 end
redis.call('HSETNX', N .. 'queues', QUEUE, 0)
for _, lane in ipairs(redis.call('SMEMBERS', N .. 'lanes')) do
  for _, place in ipairs(redis.call('ZRANGE', N .. 'walk:' .. lane, 0, -1)) do
    if string.match(place, '^[^|]*|([^|]*)|') == QUEUE then
      redis.call('ZREM', N .. 'walk:' .. lane, place)
      redis.call('SADD', N .. 'parked', place)
    end
  end
end
-- Hidden runs may have been the next ones under a task's limit: others are now.
for _, task in ipairs(redis.call('SMEMBERS', N .. 'holding')) do unhold(task, 1000) end
return 1

-- resume: shows the queue's places to `take` again. ARGV: node, queue.
--@use ring ring_all listened wake
local QUEUE = ARGV[2]
if redis.call('SREM', N .. 'paused', QUEUE) == 0 then return 0 end
local rank = tonumber(redis.call('HGET', N .. 'queues', QUEUE) or 0)
for _, place in ipairs(redis.call('SMEMBERS', N .. 'parked')) do
  local lane, queue, priority = string.match(place, '^([^|]*)|([^|]*)|(.*)$')
  if queue == QUEUE then
    redis.call('SREM', N .. 'parked', place)
    local length = redis.call('LLEN', N .. 'q:' .. place)
    if length > 0 then
      redis.call('ZADD', N .. 'walk:' .. lane, rank * 1000 + tonumber(priority), place)
      if string.find(lane, ':', 1, true) then
        -- Strays: the next run of strays.lua calls executors.
        redis.call('SADD', N .. 'lanes', lane)
        redis.call('SADD', N .. 'strays', lane)
      else
        wake(lane, math.min(length, 1000))
      end
    end
  end
end
listen()
return 1

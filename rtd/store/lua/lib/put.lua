-- put(place, items, command): adds items to the list of a place with RPUSH (tail) or LPUSH
-- (head; the last of `items` becomes the first of the list), shows the place to `take` if it was
-- empty, and wakes executors. Gives false when the queue is paused.
local function put(place, items, command)
  local list, length = N .. 'q:' .. place, 0
  for i = 1, #items, 1000 do
    length = redis.call(command, list, unpack(items, i, math.min(i + 999, #items)))
  end
  local lane, queue, priority = string.match(place, '^([^|]*)|([^|]*)|(.*)$')
  if redis.call('SISMEMBER', N .. 'paused', queue) == 1 then
    if length == #items then redis.call('SADD', N .. 'parked', place) end
    return false
  end
  if length == #items then
    local rank = tonumber(redis.call('HGET', N .. 'queues', queue) or 0)
    redis.call('ZADD', N .. 'walk:' .. lane, rank * 1000 + tonumber(priority), place)
  end
  wake(lane, #items)
  return true
end

-- enqueue(place, ready): gives runs that are due ({id, item, record} each) to idle executors, or
-- puts them into their place. Needs leased and wake.

-- Gives runs straight to idle executors: the lease, and id and record on the bell. Only when
-- nothing waits before them, and never past a limit, which `take` alone keeps.
-- Gives the index of the first run that no executor got.
local function hand_off(place, lane, ready)
  local free = 0
  while free < #ready and #ready[free + 1][2] == 26 do free = free + 1 end
  if free == 0 or redis.call('EXISTS', N .. 'walk:' .. lane) == 1 then return 1 end
  local idle = redis.call('SPOP', N .. 'idle:' .. lane, free)
  for i = 1, #idle do
    local id, item, record = unpack(ready[i])
    redis.call('HSET', N .. 'lease:' .. idle[i], id, place .. '|' .. item)
    redis.call('RPUSH', N .. 'bell:' .. idle[i], id .. record)
    leased(id, record)
  end
  return #idle + 1
end

local function enqueue(place, ready)
  local lane, queue, priority = string.match(place, '^([^|]*)|([^|]*)|(.*)$')
  local paused = redis.call('SISMEMBER', N .. 'paused', queue) == 1
  local first = paused and 1 or hand_off(place, lane, ready)
  local items = {}
  for i = first, #ready do items[#items + 1] = ready[i][2] end
  if #items == 0 then return end
  local length = redis.call('RPUSH', N .. 'q:' .. place, unpack(items))
  if paused then
    redis.call('SADD', N .. 'parked', place)
    return
  end
  if length == #items then
    local rank = tonumber(redis.call('HGET', N .. 'queues', queue) or 0)
    redis.call('ZADD', N .. 'walk:' .. lane, rank * 1000 + tonumber(priority), place)
  end
  wake(lane, #items)
end

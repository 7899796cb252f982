-- queue_table: queue, priority, paused, queued, delayed, held, for each queue ever used.
--@use places
local queued, delayed, held = {}, {}, {}

local function count(totals, text, n)
  local queue = string.match(text, '^[^|]*|([^|]*)|')
  totals[queue] = (totals[queue] or 0) + n
end

for _, place in ipairs(places()) do
  count(queued, place, redis.call('LLEN', N .. 'q:' .. place))
end
for _, spot in ipairs(redis.call('ZRANGE', N .. 'delayed', 0, -1)) do count(delayed, spot, 1) end
for _, task in ipairs(redis.call('SMEMBERS', N .. 'holding')) do
  for _, spot in ipairs(redis.call('LRANGE', N .. 'held:' .. task, 0, -1)) do
    count(held, spot, 1)
  end
end

local out = {}
local queues = redis.call('HGETALL', N .. 'queues')
for i = 1, #queues, 2 do
  local queue, n = queues[i], #out
  out[n + 1], out[n + 2] = queue, queues[i + 1]
  out[n + 3] = redis.call('SISMEMBER', N .. 'paused', queue)
  out[n + 4], out[n + 5], out[n + 6] = queued[queue] or 0, delayed[queue] or 0, held[queue] or 0
end
return out

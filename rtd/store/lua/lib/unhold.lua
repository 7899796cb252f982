-- unhold(task, k): returns up to k runs that wait for room under their task's limit to the heads
-- of their lists, in their order, as far as the limit has room. Those of a paused queue go back
-- too, but take no room.
local function unhold(task, k)
  local held, running = N .. 'held:' .. task, nil
  local back, free = {}, k
  while free > 0 do
    local entry = redis.call('LINDEX', held, 0)
    if not entry then break end
    local place, item = split(entry)
    running = running or redis.call('SCARD', N .. 'cc:' .. task)
    if running + (k - free) >= limit(item) then break end
    redis.call('LPOP', held)
    back[#back + 1] = {place, item}
    local queue = string.match(place, '^[^|]*|([^|]*)|')
    if redis.call('SISMEMBER', N .. 'paused', queue) == 0 then free = free - 1 end
  end
  if #back > 0 and redis.call('EXISTS', held) == 0 then
    redis.call('SREM', N .. 'holding', task)
  end
  for i = #back, 1, -1 do
    put(back[i][1], {back[i][2]}, 'LPUSH')
  end
end

-- occurrence(task, due, note, kept): records a due moment, once. Gives whether it is new. `note`
-- is verdict|run id|reason; it is kept only for a moment that did not simply run in time.
local function occurrence(task, due, note, kept)
  local list = N .. 'occ:' .. task
  if redis.call('ZADD', list, 'NX', due, due) == 0 then return false end
  if string.sub(note, 1, 4) ~= 'ran|' then
    redis.call('HSET', N .. 'note:' .. task, due, note)
    redis.call('LPUSH', N .. 'misses', cmsgpack.pack({task, due, note}))
    redis.call('LTRIM', N .. 'misses', 0, 9999)
  end
  local excess = redis.call('ZCARD', list) - kept
  if excess > 0 then
    local old = redis.call('ZRANGE', list, 0, excess - 1)
    redis.call('ZREMRANGEBYRANK', list, 0, excess - 1)
    redis.call('HDEL', N .. 'note:' .. task, unpack(old))
  end
  return true
end

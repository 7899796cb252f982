-- inner(ids, tasks, chars): internal runs (their tasks begin with '@') leave no trace when they
-- end: the supervisor that submitted one is rung, reads its record and deletes it; a record that
-- it does not delete expires. Gives the lists without them.
local function inner(ids, tasks, chars)
  -- Each of them is in this hash from its submit to its end; mostly there is none.
  if redis.call('EXISTS', N .. 'inner') == 0 then return ids, tasks, chars end
  local left, of, as = {}, {}, {}
  for i = 1, #ids do
    local id, n = ids[i], #left + 1
    if string.byte(tasks[i]) == 64 then
      redis.call('PEXPIRE', N .. 'r:' .. id, 60000)
      redis.call('HDEL', N .. 'intent', id)
      redis.call('HDEL', N .. 'progress', id)
      local node = redis.call('HGET', N .. 'inner', id)
      redis.call('HDEL', N .. 'inner', id)
      if node then redis.call('RPUSH', N .. 'bell:node:' .. node, 'inner|' .. id) end
    else
      left[n], of[n], as[n] = id, tasks[i], chars[i]
    end
  end
  return left, of, as
end

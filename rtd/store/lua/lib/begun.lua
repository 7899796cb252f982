-- begun(id, task, now): a run of a watched task counts as started from now on.
local function begun(id, task, now)
  local at = string.format('%.0f000', now)
  redis.call('HSET', N .. 'flying', id, task .. '|' .. at)
  redis.call('HSET', N .. 'last:r', task, at)
  local token = 'task|' .. task .. '|q|' .. id .. '|' .. string.format('%.0f', now)
  ring_watchers('watched', task, token)
end

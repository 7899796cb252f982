-- undelivered(ids, tasks, blobs): keeps how attempts ended that rtd itself ended, for the middleware
-- of the app: that of NODE, or, if this has not the task, that of another node. An entry is its
-- number, '|', the id of the run, and its record after the attempt; of a long one only the id,
-- since its record is there for long. Beyond MOST entries they are only counted. Needs ring_all.
local MOST, LONGEST = 100000, 65536

-- The node whose middleware hears of a task; nil when no app has any.
local function hearer(task)
  local here = redis.call('SISMEMBER', N .. 'outcomes:nodes', NODE) == 1
  if here and redis.call('SISMEMBER', N .. 'having:' .. NODE, task) == 1 then return NODE end
  for _, node in ipairs(redis.call('SMEMBERS', N .. 'outcomes:nodes')) do
    if redis.call('SISMEMBER', N .. 'having:' .. node, task) == 1 then return node end
  end
  return here and NODE or nil
end

local function undelivered(ids, tasks, blobs)
  for i = 1, #ids do
    local node = hearer(tasks[i])
    local list = node and N .. 'outcomes:list:' .. node
    local waiting = node and redis.call('LLEN', list) or 0
    if waiting >= MOST then
      redis.call('INCR', N .. 'outcomes:lost:' .. node)
    elseif node then
      local number = redis.call('INCR', N .. 'outcomes:number:' .. node)
      local blob = #blobs[i] <= LONGEST and blobs[i] or ''
      redis.call('RPUSH', list, string.format('%.0f|', number) .. ids[i] .. blob)
      local mark = string.format('%s|%.0f', node, number)
      redis.call('HSET', N .. 'outcomes:open', ids[i], mark)
      if waiting == 0 then ring_nodes({node}, 'outcomes|') end
    end
  end
end

-- decline: leases of runs whose task the app of the executor does not have. They wait as strays for
-- a node that has it. Gives the ids of those that no other node takes; they stay leased.
-- ARGV: node, exec, then per run: id, task.
--@use ring ring_all wake put split unhold back strays
local LEASE = N .. 'lease:' .. ARGV[2]
-- So often a run may be declined: nodes that do not know their own tasks must not pass it on for
-- ever.
local MOST = 20

-- Puts a run where it waits apart.
local function stray(place, item, task)
  local lane, queue, priority = string.match(place, '^([^|]*)|([^|]*)|(.*)$')
  local apart = lane .. ':' .. task
  local spot = apart .. '|' .. queue .. '|' .. priority
  local rank = tonumber(redis.call('HGET', N .. 'queues', queue) or 0)
  redis.call('RPUSH', N .. 'q:' .. spot, item)
  redis.call('ZADD', N .. 'walk:' .. apart, rank * 1000 + tonumber(priority), spot)
  redis.call('SADD', N .. 'lanes', apart)
  redis.call('SADD', N .. 'strays', apart)
  -- Its room under the task's limit is free until it is taken.
  local most, of = limit(item)
  if most then
    redis.call('SREM', N .. 'cc:' .. of, string.sub(item, 1, 26))
    unhold(of, 1)
  end
  return lane
end

local left, nodes, counts = {}, {}, {}
for at = 3, #ARGV, 2 do
  local id, task = ARGV[at], ARGV[at + 1]
  local where = redis.call('HGET', LEASE, id)
  if where then
    nodes[task] = nodes[task] or nodes_having(task, NODE)
    local tries = redis.call('INCR', N .. 'declined:' .. id)
    redis.call('EXPIRE', N .. 'declined:' .. id, 3600)
    if (#nodes[task] == 0 and not is_declared(task)) or tries > MOST then
      left[#left + 1] = id
    else
      redis.call('HDEL', LEASE, id)
      local place, item = split(where)
      if redis.call('SISMEMBER', N .. 'paused', string.match(place, '|([^|]*)|')) == 1 then
        back({{place, item}})
      else
        local lane = stray(place, item, task)
        counts[lane] = counts[lane] or {}
        counts[lane][task] = (counts[lane][task] or 0) + 1
      end
    end
  end
end
for lane, tasks in pairs(counts) do
  for task, count in pairs(tasks) do call_in(lane, nodes[task], count) end
end
return left

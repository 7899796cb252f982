-- Strays: runs that nodes without their task have declined. They wait apart, in a lane 'lane:task'
-- whose name is in the set `strays`. Executors of nodes that have the task take them before other
-- runs, once their state in `execs` is 's'. Needs ring_all.

-- nodes_having(task, except): the nodes that have the task and are there, or were within the last
-- minute.
local function nodes_having(task, except)
  local nodes = {}
  if redis.call('SISMEMBER', N .. 'having', task) == 0 then return nodes end
  for _, node in ipairs(redis.call('ZRANGE', N .. 'known:having', 0, -1)) do
    if node ~= except and redis.call('EXISTS', N .. 'lately:' .. node) == 1
        and redis.call('SISMEMBER', N .. 'having:' .. node, task) == 1 then
      nodes[#nodes + 1] = node
    end
  end
  return nodes
end

-- Whether a client has declared the task itself: its runs wait for a node that will have it.
local function is_declared(task) return redis.call('SISMEMBER', N .. 'declared', task) == 1 end

-- call_in(lane, nodes, k): lets the executors of these nodes take strays and wakes up to k idle
-- ones. If there are fewer, rings the nodes, which may start others.
local function call_in(lane, nodes, k)
  local mine, execs = {}, redis.call('HGETALL', N .. 'execs')
  for i = 1, #nodes do mine[nodes[i]] = true end
  for i = 1, #execs, 2 do
    local state, on, node = string.match(execs[i + 1], '^(.)([^|]*)|(.*)$')
    if on == lane and mine[node] and state ~= 'r' then
      redis.call('HSET', N .. 'execs', execs[i], 's' .. on .. '|' .. node)
      if k > 0 and redis.call('SREM', N .. 'idle:' .. lane, execs[i]) == 1 then
        redis.call('RPUSH', N .. 'bell:' .. execs[i], '')
        k = k - 1
      end
    end
  end
  if k > 0 then ring_nodes(nodes, 'demand|' .. lane) end
end

-- Rings the supervisors of several nodes. Needs ring.
local others

-- The nodes that are there, except NODE; read once in each script.
local function others_here()
  if others then return others end
  others = {}
  for _, node in ipairs(redis.call('SMEMBERS', N .. 'nodes')) do
    if node ~= NODE then
      if redis.call('EXISTS', N .. 'here:' .. node) == 1 then
        others[#others + 1] = node
      else
        redis.call('SREM', N .. 'nodes', node)  -- it reads everything when it comes back
      end
    end
  end
  return others
end

local function ring_nodes(nodes, token)
  for i = 1, #nodes do ring_node(nodes[i], token) end
end

-- ring_others(token): rings the supervisors of all nodes that are there, except NODE.
local function ring_others(token) ring_nodes(others_here(), token) end

-- ring_all(token): rings that of NODE, too.
local function ring_all(token)
  if NODE ~= '' then ring(token) end
  ring_others(token)
end

-- ring_watchers(kind, task, token): rings those that have the task in their set of this kind (see
-- merge.lua). A task that is in the set of all nodes concerns NODE if it is alone.
local watchers = {}
local function ring_watchers(kind, task, token)
  local key = kind .. '|' .. task
  local nodes = watchers[key]
  if not nodes then
    nodes = {}
    local found, alone = others_here(), true
    for i = 1, #found do
      alone = false
      if redis.call('SISMEMBER', N .. kind .. ':' .. found[i], task) == 1 then
        nodes[#nodes + 1] = found[i]
      end
    end
    if alone or redis.call('SISMEMBER', N .. kind .. ':' .. NODE, task) == 1 then
      if NODE ~= '' then nodes[#nodes + 1] = NODE end
    end
    watchers[key] = nodes
  end
  ring_nodes(nodes, token)
end

-- The nodes whose supervisors a script rings: NODE. For a client without a daemon, which has none
-- (NODE is ''), all that are there; one that is not reads everything when it comes.
local function rung()
  if NODE ~= '' then return {NODE} end
  local nodes = {}
  for _, node in ipairs(redis.call('SMEMBERS', N .. 'nodes')) do
    if redis.call('EXISTS', N .. 'here:' .. node) == 1 then nodes[#nodes + 1] = node end
  end
  return nodes
end

-- At most 10,000 tokens wait for a supervisor that is away; beyond that one `lost` replaces them
-- all, and it reads everything itself.
local function ring_node(node, token)
  local bell = N .. 'bell:node:' .. node
  if redis.call('RPUSH', bell, token) > 10000 then
    redis.call('DEL', bell)
    redis.call('RPUSH', bell, 'lost')
  end
end

-- ring(token): sends a token to the supervisor of NODE.
local function ring(token)
  for _, node in ipairs(rung()) do ring_node(node, token) end
end

-- ring_others(token): rings the supervisors of all nodes that are there, except NODE. Needs ring.
-- ring_all(token): rings that of NODE, too.
local function ring_others(token)
  local mine, nodes = NODE, redis.call('SMEMBERS', N .. 'nodes')
  for i = 1, #nodes do
    if nodes[i] ~= mine then
      NODE = nodes[i]
      if redis.call('EXISTS', N .. 'here:' .. NODE) == 1 then
        ring(token)
      else
        redis.call('SREM', N .. 'nodes', NODE)  -- it reads everything when it comes back
      end
    end
  end
  NODE = mine
end

local function ring_all(token)
  ring(token)
  ring_others(token)
end

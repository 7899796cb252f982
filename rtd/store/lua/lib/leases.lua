-- each_lease(visit): calls visit(exec, id, place and item) for every lease, those of fenced
-- executors included, but of no internal run (their queues begin with '@').
local function each_lease(visit)
  local function walk(exec, key)
    local leases = redis.call('HGETALL', key)
    for i = 1, #leases, 2 do
      if not string.find(leases[i + 1], '^[^|]*|@') then visit(exec, leases[i], leases[i + 1]) end
    end
  end
  for _, exec in ipairs(redis.call('HKEYS', N .. 'execs')) do walk(exec, N .. 'lease:' .. exec) end
  for _, exec in ipairs(redis.call('SMEMBERS', N .. 'fenced')) do walk(exec, N .. 'dead:' .. exec) end
end

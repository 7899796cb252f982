-- wake(lane, k): wakes up to k idle executors. If there are fewer, rings the supervisor of NODE for
-- the lane, once, until an executor of any node enrolls or finds nothing to do.
local function wake(lane, k)
  local idle = redis.call('SPOP', N .. 'idle:' .. lane, k)
  for i = 1, #idle do
    redis.call('RPUSH', N .. 'bell:' .. idle[i], '')
  end
  if #idle < k then
    for _, node in ipairs(rung()) do
      if redis.call('SADD', N .. 'demand:' .. lane, node) == 1 then
        ring_node(node, 'demand|' .. lane)
      end
    end
  end
end

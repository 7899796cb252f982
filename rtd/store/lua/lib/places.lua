-- places(): every place where runs wait: those that `take` sees, in its order, then those of
-- paused queues.
local function places()
  local out = {}
  for _, lane in ipairs(redis.call('SMEMBERS', N .. 'lanes')) do
    for _, place in ipairs(redis.call('ZREVRANGE', N .. 'walk:' .. lane, 0, -1)) do
      out[#out + 1] = place
    end
  end
  for _, place in ipairs(redis.call('SMEMBERS', N .. 'parked')) do out[#out + 1] = place end
  return out
end

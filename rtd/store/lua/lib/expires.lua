-- expires(id, at): the run expires if it has not started by `at` ms. Rings the supervisor when no
-- other expires earlier.
local function expires(id, at)
  redis.call('ZADD', N .. 'expiring', at, id)
  if redis.call('ZRANGE', N .. 'expiring', 0, 0)[1] == id then ring('expire|' .. at) end
end

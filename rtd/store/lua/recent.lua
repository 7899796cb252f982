-- recent: the ids of the runs that a short form of an id may name: those that executors have, and
-- the first that wait and that have ended.
-- ARGV: limit of each.
--@use leases places waiting
local LIMIT, out = tonumber(ARGV[1]), {}
each_lease(function(_, id) out[#out + 1] = id end)
each_waiting(LIMIT, '', function(id) out[#out + 1] = id end)
for _, id in ipairs(redis.call('LRANGE', N .. 'done', 0, LIMIT - 1)) do out[#out + 1] = id end
return out

-- unlogged: takes what `unsuccessful` has kept for a node: how many runs have ended in each state,
-- and the ids of the first ones. ARGV: node.
local COUNTED, FIRST = N .. 'unlogged:' .. NODE, N .. 'unlogged:ids:' .. NODE
local counts, ids = redis.call('HGETALL', COUNTED), redis.call('LRANGE', FIRST, 0, -1)
redis.call('DEL', COUNTED, FIRST)
return {counts, ids}

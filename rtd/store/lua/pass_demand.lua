-- pass_demand: the supervisor of NODE can start no executor for a lane in which runs wait: rings
-- those of the other nodes. ARGV: node, lane.
--@use ring ring_all
local LANE = ARGV[2]
if redis.call('EXISTS', N .. 'walk:' .. LANE) == 0 then return 0 end
ring_others('passed|' .. LANE)
return 1

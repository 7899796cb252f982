-- settle: outcomes of runs whose executor was fenced, by the supervisor.
-- ARGV: node, exec, now_ms, events, history, then the outcomes.
--@use ring ring_all wake put split unhold delay drop inner records tasklog unsuccessful over listened publish log back result
--@use undelivered started outcomes
local DEAD = N .. 'dead:' .. ARGV[2]
local wrong = outcomes(DEAD)
if redis.call('EXISTS', DEAD) == 0 then redis.call('SREM', N .. 'fenced', ARGV[2]) end
return wrong

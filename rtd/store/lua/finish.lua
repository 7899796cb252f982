-- finish: outcomes of runs by the executor that holds them.
-- ARGV: node, exec, now_ms, events, history, then the outcomes.
--@use ring ring_all wake put split unhold delay drop inner records tasklog unsuccessful over listened publish log back result
--@use undelivered started outcomes
return outcomes(N .. 'lease:' .. ARGV[2])

-- switch: enables or disables a task until further notice, '*' is all; with all enabled the
-- schedule goes on, whichever fault had halted it. Rings the other nodes. Gives whether it was
-- halted. ARGV: node, task, '1' or '0'.
--@use ring ring_all
local TASK, ON = ARGV[2], ARGV[3]
redis.call('HSET', N .. 'switches', TASK, ON)
local halted = 0
if TASK == '*' and ON == '1' then halted = redis.call('DEL', N .. 'halted') end
ring_others('switch|' .. ON .. '|' .. TASK)
return halted

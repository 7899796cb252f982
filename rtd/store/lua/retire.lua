-- retire: the executor's next take says so; if it is idle it is woken to hear it. ARGV: exec.
local EXEC = ARGV[1]
local status = redis.call('HGET', N .. 'execs', EXEC)
if not status then return 0 end
redis.call('HSET', N .. 'execs', EXEC, 'r' .. string.sub(status, 2))
local lane = string.match(status, '^.([^|]*)')
if redis.call('SREM', N .. 'idle:' .. lane, EXEC) == 1 then
  redis.call('RPUSH', N .. 'bell:' .. EXEC, '')
end
return 1

-- retire: lets the executor's next take reply 'retire', and wakes it if it is idle. ARGV: exec.
local EXEC = ARGV[1]
local status = redis.call('HGET', N .. 'execs', EXEC)
if not status then return 0 end
redis.call('HSET', N .. 'execs', EXEC, 'r' .. string.sub(status, 2))
local lane = string.match(status, '^.([^|]*)')
if redis.call('SREM', N .. 'idle:' .. lane, EXEC) == 1 then
  redis.call('RPUSH', N .. 'bell:' .. EXEC, '')
end
return 1

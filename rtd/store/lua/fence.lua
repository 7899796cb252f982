-- fence: an executor is dead; its later commands are refused. Gives its leases: id, place and
-- item, record. ARGV: node, exec, 1 if it ended by its own doing and 0 if others ended it.
--@use ring wake put split unhold back records
local EXEC = ARGV[2]
local DEAD, LEASE, BELL = N .. 'dead:' .. EXEC, N .. 'lease:' .. EXEC, N .. 'bell:' .. EXEC
local status = redis.call('HGET', N .. 'execs', EXEC)
-- Its very first take may still be on its way: it must not enroll now.
redis.call('SET', N .. 'tomb:' .. EXEC, 1, 'EX', 300)

-- The runs on its bell, which it has certainly not begun.
local spots = {}
for _, token in ipairs(redis.call('LRANGE', BELL, 0, -1)) do
  local id = string.sub(token, 1, 26)
  local where = #token > 26 and redis.call('HGET', LEASE, id)
  if where then
    redis.call('HDEL', LEASE, id)
    local place, item = split(where)
    spots[#spots + 1] = {place, item}
  end
end
redis.call('DEL', BELL)
if redis.call('EXISTS', LEASE) == 1 then
  redis.call('RENAME', LEASE, DEAD)
  redis.call('SADD', N .. 'fenced', EXEC)
end
if status then
  redis.call('HDEL', N .. 'execs', EXEC)
  local lane = string.match(status, '^.([^|]*)')
  redis.call('SREM', N .. 'idle:' .. lane, EXEC)
  -- It may have been woken for work that waits: wake another one.
  if redis.call('EXISTS', N .. 'walk:' .. lane) == 1 then wake(lane, 1) end
end
back(spots)
-- If it wrote the task log, the next process may.
local reader = N .. 'log:reader:' .. NODE
if redis.call('GET', reader) == EXEC then
  redis.call('DEL', reader)
  if ARGV[3] == '0' then redis.call('HINCRBY', N .. 'log:tries:' .. NODE, 'ended', 1) end
  local waiting = redis.call('GETDEL', N .. 'log:next:' .. NODE)
  if waiting then redis.call('RPUSH', N .. 'bell:' .. waiting, '') end
end
local leases = redis.call('HGETALL', DEAD)
local ids = {}
for i = 1, #leases, 2 do ids[#ids + 1] = leases[i] end
local blobs, out = records(ids), {}
for i = 1, #ids do
  out[#out + 1] = ids[i]
  out[#out + 1] = leases[2 * i]
  out[#out + 1] = blobs[i] or ''
end
return out

-- log_read: the process that writes a node's task log acknowledges the entries up to a number and
-- reads the next ones. Gives 'read', how many were lost since the last read, how many processes,
-- this one included, have got the first of the entries, how many of them were killed, and the
-- entries; 'busy' while another such process lives (its end rings this one's bell); 'fenced'.
-- ARGV: node, exec, up to ('' for none), count.
local EXEC, UPTO, COUNT = ARGV[2], ARGV[3], tonumber(ARGV[4])
local LIST, READER = N .. 'log:' .. NODE, N .. 'log:reader:' .. NODE

if redis.call('EXISTS', N .. 'tomb:' .. EXEC) == 1 then return {'fenced'} end
redis.call('HSETNX', N .. 'execs', EXEC, 'alog|' .. NODE)
local reader, tries, ended = redis.call('GET', READER), 0, 0
if reader ~= EXEC then
  if reader and redis.call('HEXISTS', N .. 'execs', reader) == 1 then
    redis.call('SET', N .. 'log:next:' .. NODE, EXEC)
    return {'busy'}
  end
  redis.call('SET', READER, EXEC)
end

-- By their numbers, so that the command is safe to send again.
local head = redis.call('LINDEX', LIST, 0)
if head and UPTO ~= '' then
  local done = tonumber(UPTO) - tonumber(string.match(head, '^%d+')) + 1
  if done > 0 then
    redis.call('LPOP', LIST, done)
    head = redis.call('LINDEX', LIST, 0)
  end
end
-- An entry that ends each process that writes it must not come for ever.
if head and reader ~= EXEC then
  local key, number = N .. 'log:tries:' .. NODE, string.match(head, '^%d+')
  local before = redis.call('HMGET', key, number, 'ended')
  if before[1] then
    tries, ended = tonumber(before[1]) + 1, tonumber(before[2] or 0)
  else
    tries = 1
  end
  redis.call('DEL', key)
  redis.call('HSET', key, number, tries, 'ended', ended)
end
-- The reply holds all entries that rang until now; later ones ring again.
redis.call('DEL', N .. 'bell:log:' .. NODE)
local lost = redis.call('GET', N .. 'log:lost:' .. NODE)
redis.call('DEL', N .. 'log:lost:' .. NODE)
local out = redis.call('LRANGE', LIST, 0, COUNT - 1)
table.insert(out, 1, tostring(ended))
table.insert(out, 1, tostring(tries))
table.insert(out, 1, lost or '0')
table.insert(out, 1, 'read')
return out

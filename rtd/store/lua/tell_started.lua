-- tell_started: adds events for runs that have begun, each once and before its end, if that is
-- wanted. Gives how many. ARGV: node, then per run: exec, id, task, attempt, when it began (epoch
-- seconds), the size of its record: another attempt has another one.
--@use ring ring_all listened publish log
local known, found = listened(), {}
if known ~= '1' and known ~= '2' then return 0 end
for at = 2, #ARGV, 6 do
  local exec, id, size = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 5])
  if redis.call('HEXISTS', N .. 'lease:' .. exec, id) == 1
      and redis.call('STRLEN', N .. 'r:' .. id) == size
      and redis.call('SADD', N .. 'started', id) == 1 then
    found[#found + 1] = {tonumber(ARGV[at + 4]), id, ARGV[at + 2], 'started', 'running',
                         cjson.null, tonumber(ARGV[at + 3])}
  end
end
if #found > 0 then
  -- Should an end never take a run out of it.
  redis.call('EXPIRE', N .. 'started', 604800)
  log(cmsgpack.pack(found), #found)
end
return #found

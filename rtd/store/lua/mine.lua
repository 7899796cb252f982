-- mine: id and record of every run leased to an executor that has connected again.
-- ARGV: node, exec.
--@use ring wake records
local EXEC = ARGV[2]
local ids = redis.call('HKEYS', N .. 'lease:' .. EXEC)
-- The runs on its bell are among them: they must not come with its next take, too.
redis.call('DEL', N .. 'bell:' .. EXEC)
local status = redis.call('HGET', N .. 'execs', EXEC)
if status then
  local lane = string.match(status, '^.([^|]*)')
  redis.call('SREM', N .. 'idle:' .. lane, EXEC)
  -- It may have been woken for work that waits: wake another one if it is busy now.
  if #ids > 0 and redis.call('EXISTS', N .. 'walk:' .. lane) == 1 then wake(lane, 1) end
end
local blobs, out = records(ids), {}
for i = 1, #ids do
  out[#out + 1] = ids[i]
  out[#out + 1] = blobs[i] or ''
end
return out

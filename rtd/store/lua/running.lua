-- running: exec, id and record of every lease, those of fenced executors included.
--@use records
local out = {}

local function add(exec, key)
  local ids = redis.call('HKEYS', key)
  local blobs = records(ids)
  for i = 1, #ids do
    local n = #out
    out[n + 1], out[n + 2], out[n + 3] = exec, ids[i], blobs[i] or ''
  end
end

for _, exec in ipairs(redis.call('HKEYS', N .. 'execs')) do add(exec, N .. 'lease:' .. exec) end
for _, exec in ipairs(redis.call('SMEMBERS', N .. 'fenced')) do add(exec, N .. 'dead:' .. exec) end
return out

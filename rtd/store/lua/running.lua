-- running: exec, id and record of every lease, those of fenced executors included, but of no
-- internal run (their queues begin with '@').
--@use records
local out = {}

local function add(exec, key)
  local leases, ids = redis.call('HGETALL', key), {}
  for i = 1, #leases, 2 do
    if not string.find(leases[i + 1], '^[^|]*|@') then ids[#ids + 1] = leases[i] end
  end
  local blobs = records(ids)
  for i = 1, #ids do
    local n = #out
    out[n + 1], out[n + 2], out[n + 3] = exec, ids[i], blobs[i] or ''
  end
end

for _, exec in ipairs(redis.call('HKEYS', N .. 'execs')) do add(exec, N .. 'lease:' .. exec) end
for _, exec in ipairs(redis.call('SMEMBERS', N .. 'fenced')) do add(exec, N .. 'dead:' .. exec) end
return out

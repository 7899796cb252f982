-- running: exec, id and record of every lease, those of fenced executors included, but of no
-- internal run.
--@use records leases
local execs, ids = {}, {}
each_lease(function(exec, id) execs[#execs + 1], ids[#ids + 1] = exec, id end)
local blobs, out = records(ids), {}
for i = 1, #ids do
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = execs[i], ids[i], blobs[i] or ''
end
return out

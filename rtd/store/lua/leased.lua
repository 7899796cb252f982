-- leased: exec, id, place and item of every lease, without the records.
--@use leases
local out = {}
each_lease(function(exec, id, spot)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3] = exec, id, spot
end)
return out

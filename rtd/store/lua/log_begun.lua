-- log_begun: adds entries to the task log of a node for runs that have begun, each once and before
-- its end.
-- ARGV: node, then per run: id, task, when it began (epoch seconds).
--@use records tasklog
local entries = {}
for at = 2, #ARGV, 3 do
  local id, task, began = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  -- A run that has ended meanwhile gets only the entry of its end.
  if redis.call('GETRANGE', N .. 'r:' .. id, 0, 0) == 'q'
      and redis.call('HSETNX', N .. 'log:begun', id, began) == 1 then
    entries[#entries + 1] = cmsgpack.pack({id, task, 'r', 0, tonumber(began), 0})
  end
end
append(entries)
return #entries

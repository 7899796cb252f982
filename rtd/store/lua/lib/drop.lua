-- drop(list, count): the oldest of a list of finished runs, and their records, are forgotten.
-- An id may have been used again since (a user's own key): only what is over may go.
local function drop(list, count)
  local ids, gone = redis.call('RPOP', list, count) or {}, {}
  for i = 1, #ids do
    local key = N .. 'r:' .. ids[i]
    local char = redis.call('GETRANGE', key, 0, 0)
    if char ~= 'q' and char ~= '' then gone[#gone + 1] = key end
  end
  if #gone > 0 then redis.call('DEL', unpack(gone)) end
  return #gone
end

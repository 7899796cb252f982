-- drop(list, count): deletes the oldest runs of a list of finished ones, and their records. An id
-- is in it once: it cannot be used again while its record is there.
local function drop(list, count)
  local ids, keys = redis.call('RPOP', list, count) or {}, {}
  for i = 1, #ids do keys[i] = N .. 'r:' .. ids[i] end
  return #keys > 0 and redis.call('DEL', unpack(keys)) or 0
end

-- records(ids): reads the records of some runs, false for each that is not there.
local function records(ids)
  local out = {}
  for first = 1, #ids, 1000 do
    local keys = {}
    for i = first, math.min(first + 999, #ids) do keys[#keys + 1] = N .. 'r:' .. ids[i] end
    for _, blob in ipairs(redis.call('MGET', unpack(keys))) do out[#out + 1] = blob end
  end
  return out
end

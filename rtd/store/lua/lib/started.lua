-- started(events): adds an event for the beginning of each attempt that has ended, before its end,
-- unless the supervisor has done so. Only while that is wanted. Needs listened and log.
local function started(blob)
  listen()
  local known = listened()
  if known == '0' or blob == '' then return end
  local ok, events = pcall(cmsgpack.unpack, blob)
  if not ok then return end
  local found = {}
  for i = 1, #events do
    local _, run, task, _, _, _, attempt, at = unpack(events[i], 1, 8)
    local told = redis.call('SREM', N .. 'started', run) == 1
    if not told and at and known ~= 's' then
      found[#found + 1] = {at, run, task, 'started', 'running', cjson.null, attempt}
    end
  end
  if #found > 0 then log(cmsgpack.pack(found), #found) end
end

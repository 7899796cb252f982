-- leased(id, record): an executor has this run. Rings where a condition depends on whether its
-- task is running or has started. Needs ring, ring_all and
-- task_of.

local asked
local function leased(id, record)
  if asked == nil then asked = redis.call('EXISTS', N .. 'asked') == 1 end
  if not asked then return end
  local task = task_of(record)
  if redis.call('SISMEMBER', N .. 'asked', task) == 1 then
    ring_watchers('asked', task, 'task|' .. task .. '|b|' .. id .. '|0')
  end
end

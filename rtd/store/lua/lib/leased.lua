-- leased(id, record): an executor has this run. Rings where a condition depends on whether its
-- task is running or has started. Needs ring and ring_all.

-- The task in a record: the state's character, an array of three, the spec as bytes with their
-- length in 1, 2 or 4; in it an array, the schema, and the id of 26 before the task.
local function task_of(record)
  local width = ({[0xc4] = 1, [0xc5] = 2, [0xc6] = 4})[string.byte(record, 3)]
  if not width then return '' end
  local at = 4 + width + 29
  local head, size = string.byte(record, at), nil
  if head == 0xd9 then
    size, at = string.byte(record, at + 1), at + 2
  elseif head == 0xda then
    size, at = string.byte(record, at + 1) * 256 + string.byte(record, at + 2), at + 3
  else
    size, at = head - 0xa0, at + 1
  end
  return string.sub(record, at, at + size - 1)
end

local asked
local function leased(id, record)
  if asked == nil then asked = redis.call('EXISTS', N .. 'asked') == 1 end
  if not asked then return end
  local task = task_of(record)
  if redis.call('SISMEMBER', N .. 'asked', task) == 1 then
    ring_watchers('asked', task, 'task|' .. task .. '|b|' .. id .. '|0')
  end
end

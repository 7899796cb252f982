-- tell_start(id, task, record, attempt, at): adds the event that an attempt has begun, once, before
-- another event of it, while that is wanted. Needs listened, publish, log and result.

-- The attempt that goes on: one more than the record has; nil: the run is over.
local function attempt_of(record)
  if not record or string.byte(record) ~= 113 then return nil end
  local at = skip(record, 3)
  local head = string.byte(record, at)
  return 1 + (head == 0xdc and number(record, at + 1, 2) or head - 0x90)
end

local function tell_start(id, task, record, attempt, at)
  if string.byte(task) == 64 or attempt_of(record) ~= attempt then return end
  if redis.call('SADD', N .. 'started', id) == 0 then return end
  -- Should an end never take the run out of it.
  redis.call('EXPIRE', N .. 'started', 604800)
  log(cmsgpack.pack({{at, id, task, 'started', 'running', cjson.null, attempt}}), 1)
end

-- tasklog(ids, tasks, chars, now): adds entries to the task log of NODE for runs that have ended.
-- An entry is its number, '|', [id, task, char, begun, start, now_ms], and, unless that is too
-- long, the part of the run's record behind the spec: [attempts] and [end]. So an entry can be
-- read when its record is gone. Beyond MANY entries only short parts are kept, beyond MOST entries
-- are only counted.
local MANY, MOST = 100000, 1000000
local LONG, SHORT = 65536, 1024

-- Adds entries, numbered without a gap.
local function append(entries)
  if #entries == 0 then return end
  local list = N .. 'log:' .. NODE
  local waiting = redis.call('LLEN', list)
  if waiting >= MOST then
    redis.call('INCRBY', N .. 'log:lost:' .. NODE, #entries)
    return
  end
  local last = redis.call('INCRBY', N .. 'log:number:' .. NODE, #entries)
  for i = 1, #entries do
    entries[i] = string.format('%.0f|', last - #entries + i) .. entries[i]
  end
  redis.call('RPUSH', list, unpack(entries))
  if waiting == 0 then redis.call('RPUSH', N .. 'bell:log:' .. NODE, '') end
end

-- The part of a record behind its spec. A record is the state's character, an array of three, and
-- in it first the spec as bytes with their length in 1, 2 or 4.
local function tail(record, longest)
  local width, size = ({[0xc4] = 1, [0xc5] = 2, [0xc6] = 4})[string.byte(record, 3)], 0
  if not width then return '' end
  for i = 4, 3 + width do size = size * 256 + string.byte(record, i) end
  local at = 4 + width + size
  return #record - at < longest and string.sub(record, at) or ''
end

local function tasklog(ids, tasks, chars, now)
  local blobs, entries = records(ids), {}
  local begun = redis.call('HMGET', N .. 'log:begun', unpack(ids))
  redis.call('HDEL', N .. 'log:begun', unpack(ids))
  local longest = redis.call('LLEN', N .. 'log:' .. NODE) > MANY and SHORT or LONG
  for i = 1, #ids do
    local start = tonumber(begun[i] or nil)
    local head = {ids[i], tasks[i], chars[i], start and 1 or 0, start or 0, tonumber(now)}
    entries[i] = cmsgpack.pack(head) .. tail(blobs[i] or '', longest)
  end
  append(entries)
end

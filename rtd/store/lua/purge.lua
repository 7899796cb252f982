-- purge: ends runs of a queue that wait, wherever they wait. See run_transitions.py.
-- ARGV: node, now_ms, history, queue, limit, skip, end, reason. `skip`: how many of the first
-- delayed runs are of other queues, as the purge before has found; `end`: how the runs ended,
-- packed.
-- Gives how many have ended, the next purge's `skip`, and 1 if it has seen all delayed runs.
--@use ring ring_all wake put split unhold drop inner records tasklog over places
local NOW, HISTORY, QUEUE, LIMIT = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local SKIP, END, REASON = tonumber(ARGV[6]), ARGV[7], ARGV[8]
-- How many delayed runs one purge examines, where most are of other queues.
local LOOKS = 20000
local ids, items, keys = {}, {}, {}

local function of_queue(spot)
  return string.match(spot, '^[^|]*|([^|]*)|') == QUEUE
end

local function collect(item)
  local n, id = #ids + 1, string.sub(item, 1, 26)
  ids[n], items[n], keys[n] = id, item, N .. 'r:' .. id
end

-- Collects runs that wait for room under their task's limit: task and spot of each.
local function collect_held()
  local found = {}
  for _, task in ipairs(redis.call('SMEMBERS', N .. 'holding')) do
    for _, spot in ipairs(redis.call('LRANGE', N .. 'held:' .. task, 0, -1)) do
      if #ids == LIMIT then return found end
      if of_queue(spot) then
        found[#found + 1] = {task, spot}
        local _, item = split(spot)
        collect(item)
      end
    end
  end
  return found
end

-- Collects the heads of the queue's lists: how many of each.
local function collect_queued()
  local found = {}
  for _, place in ipairs(places()) do
    if #ids < LIMIT and of_queue(place) then
      local head = redis.call('LRANGE', N .. 'q:' .. place, 0, LIMIT - #ids - 1)
      found[place] = #head
      for i = 1, #head do collect(head[i]) end
    end
  end
  return found
end

-- Collects delayed runs, and whether these were the last.
local function collect_delayed()
  local found, looks = {}, 0
  while #ids < LIMIT and looks < LOOKS do
    local first = SKIP + #found
    local piece = redis.call('ZRANGE', N .. 'delayed', first, first + LIMIT - #ids - 1)
    if #piece == 0 then return found, 1 end
    looks = looks + #piece
    for i = 1, #piece do
      if of_queue(piece[i]) then
        found[#found + 1] = piece[i]
        local _, item = split(piece[i])
        collect(item)
      else
        SKIP = SKIP + 1
      end
    end
  end
  return found, 0
end

-- The task in a waiting run's record; nil if it is no record. A record is a state and an array of
-- three: first a blob, the array of schema, id (26 bytes), task and more; at last nil.
local function task_of(record)
  local kind = string.byte(record, 3)
  local at = (kind == 196 and 5) or (kind == 197 and 6) or 8
  if string.byte(record, -1) ~= 192 or string.byte(record, at + 2) ~= 186 then return nil end
  at = at + 29
  local size = string.byte(record, at)
  if size >= 160 and size < 192 then return string.sub(record, at + 1, at + size - 160) end
  local short, long = string.byte(record, at + 1, at + 2)
  if size == 217 then return string.sub(record, at + 2, at + 1 + short) end
  if size == 218 then return string.sub(record, at + 3, at + 2 + short * 256 + long) end
  return nil
end

local function take_out(held, queued, delayed)
  for i = 1, #held do
    local task, spot = unpack(held[i])
    redis.call('LREM', N .. 'held:' .. task, 1, spot)
    if redis.call('EXISTS', N .. 'held:' .. task) == 0 then
      redis.call('SREM', N .. 'holding', task)
    end
  end
  for place, count in pairs(queued) do
    redis.call('LTRIM', N .. 'q:' .. place, count, -1)
    if redis.call('EXISTS', N .. 'q:' .. place) == 0 then
      redis.call('ZREM', N .. 'walk:' .. string.match(place, '^[^|]*'), place)
      redis.call('SREM', N .. 'parked', place)
    end
  end
  if #delayed > 0 then redis.call('ZREM', N .. 'delayed', unpack(delayed)) end
end

local held, queued = collect_held(), collect_queued()
local delayed, last = collect_delayed()
if #ids == 0 then return {0, SKIP, last} end

local blobs = redis.call('MGET', unpack(keys))
local fields, gone, tasks, chars, events = {}, {}, {}, {}, {}
local freed = {}
for i = 1, #ids do
  local id, record = ids[i], blobs[i]
  if record and string.byte(record) == 113 then
    local task = task_of(record)
    if not task then return redis.error_reply('ERR the record of run ' .. id .. ' is malformed') end
    local n = #gone + 1
    gone[n], tasks[n], chars[n] = id, task, 'c'
    fields[2 * n - 1], fields[2 * n] = keys[i], 'c' .. string.sub(record, 2, -2) .. END
    events[n] = {NOW / 1000, id, task, 'cancelled', 'cancelled', REASON}
    if items[i] ~= id then freed[task] = (freed[task] or 0) + 1 end
  end
end

take_out(held, queued, delayed)
if redis.call('EXISTS', N .. 'expiring') == 1 then
  redis.call('ZREM', N .. 'expiring', unpack(ids))
end
if #gone > 0 then
  redis.call('MSET', unpack(fields))
  over(gone, tasks, chars, HISTORY, NOW)
  -- The stream keeps fewer of such large entries, so that its memory stays in bounds.
  local most = #gone > 100 and 100 or 1000
  redis.call('XADD', N .. 'events', 'MAXLEN', '~', most, '*', 'b', cmsgpack.pack(events))
end
-- Some may have been the next runs under their task's limit.
for task, k in pairs(freed) do unhold(task, k) end
return {#gone, SKIP, last}

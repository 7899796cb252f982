-- purge: ends runs of a queue that wait, wherever they wait. See run_transitions.py.
-- ARGV: node, now_ms, history, queue, limit, skip, end, reason, head, tail. `skip`: how many of the
-- first delayed runs are of other queues, as the purge before has found; `end`: how the runs ended,
-- packed; `head` and `tail`: what stands before the id and behind it, up to the end, in a record of
-- which no more is known.
-- Gives how many have ended, the next purge's `skip`, and 1 if it has seen all delayed runs.
--@use ring ring_all task_of ended wake put split unhold drop inner records tasklog unsuccessful over places undelivered
--@use listened publish
local NOW, HISTORY, QUEUE, LIMIT = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local SKIP, END, REASON = tonumber(ARGV[6]), ARGV[7], ARGV[8]
local HEAD, TAIL = ARGV[9], ARGV[10]
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

-- The new record and the task of a run that is cancelled. One whose record cannot be read gets one
-- that says nothing else; its task is in its item, or among those of the active runs.
local function cancelled(id, item, record)
  local task = task_of(record)
  if task ~= '' and string.byte(record, -1) == 192 then
    return 'c' .. string.sub(record, 2, -2) .. END, task
  end
  local _, limited = limit(item)
  local active = redis.call('HGET', N .. 'flying', id)
  task = limited or active and string.match(active, '^(.*)|') or '?'
  return HEAD .. id .. TAIL .. END, task
end

-- Whether a run has been carried out before, so that middleware knows of it: the attempts, the
-- second of three parts of its record, are no empty array.
local function has_begun(record)
  local width, size = ({[0xc4] = 1, [0xc5] = 2, [0xc6] = 4})[string.byte(record, 3)], 0
  if not width then return false end
  for i = 4, 3 + width do size = size * 256 + string.byte(record, i) end
  return string.byte(record, 4 + width + size) ~= 0x90
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
local begun_ids, begun_tasks, begun_blobs = {}, {}, {}
for i = 1, #ids do
  local id, record = ids[i], blobs[i]
  if record and not ended(record) then
    local new, task = cancelled(id, items[i], record)
    local n = #gone + 1
    gone[n], tasks[n], chars[n] = id, task, 'c'
    fields[2 * n - 1], fields[2 * n] = keys[i], new
    events[n] = {NOW / 1000, id, task, 'cancelled', 'cancelled', REASON}
    if has_begun(record) then
      local m = #begun_ids + 1
      begun_ids[m], begun_tasks[m], begun_blobs[m] = id, task, new
    end
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
  undelivered(begun_ids, begun_tasks, begun_blobs)
  -- The stream keeps fewer of such large entries, so that its memory stays in bounds.
  local most = #gone > 100 and 100 or 1000
  local packed = cmsgpack.pack(events)
  publish_entry(
    redis.call('XADD', N .. 'events', 'MAXLEN', '~', most, '*', 'b', packed), packed)
end
-- Some may have been the next runs under their task's limit.
for task, k in pairs(freed) do unhold(task, k) end
return {#gone, SKIP, last}

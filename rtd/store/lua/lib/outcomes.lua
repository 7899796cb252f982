-- outcomes(leases): shared by `finish` and `settle`. Writes the outcomes that begin at ARGV[6],
-- five values each: id, task, kind, record, due_ms. A second letter `t` of the kind: middleware
-- must hear of it. Gives the ids that are not in the hash
-- `leases`; if there is one, nothing has been done.
local FIRST, SIZE = 6, 5

local function refused(ids, where)
  local out, seen = {}, {}
  for i = 1, #ids do
    if not where[i] or seen[ids[i]] then out[#out + 1] = ids[i] end
    seen[ids[i]] = true
  end
  return out
end

-- Frees the run's room under its task's limit. A run that goes back to the head of its list takes
-- that room itself (lib/back.lua), unless its queue is paused.
local function release(id, item, freed)
  local most, task = limit(item)
  if most and redis.call('SREM', N .. 'cc:' .. task, id) == 1 and freed then
    freed[task] = (freed[task] or 0) + 1
  end
end

-- Keeps the latest results of tasks whose results are parameters of others: records are deleted.
local function keep_results(count)
  if redis.call('EXISTS', N .. 'returning') == 0 then return end
  local latest = {}
  for i = 1, count do
    local at = FIRST + (i - 1) * SIZE
    local task, kind, record = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
    if kind == 'd' and string.byte(record) == 115 then latest[task] = record end
  end
  for task, record in pairs(latest) do
    if redis.call('SISMEMBER', N .. 'returning', task) == 1 then
      redis.call('HSET', N .. 'returned', task, result(record))
    end
  end
end

local function outcomes(leases)
  local count = (#ARGV - FIRST + 1) / SIZE
  if count == 0 then return {} end
  local ids = {}
  for i = 1, count do ids[i] = ARGV[FIRST + (i - 1) * SIZE] end
  local where = redis.call('HMGET', leases, unpack(ids))
  local wrong = refused(ids, where)
  if #wrong > 0 then return wrong end

  local fields = {}
  local done, tasks, chars, again, heads, freed = {}, {}, {}, {}, {}, {}
  local heard_ids, heard_tasks, heard_blobs = {}, {}, {}
  for i = 1, count do
    local at = FIRST + (i - 1) * SIZE
    local id, kind, record, spot = ids[i], ARGV[at + 2], ARGV[at + 3], where[i]
    fields[2 * i - 1], fields[2 * i] = N .. 'r:' .. id, record
    if #kind == 2 then
      kind = string.sub(kind, 1, 1)
      local n = #heard_ids + 1
      heard_ids[n], heard_tasks[n], heard_blobs[n] = id, ARGV[at + 1], record
    end
    local limited = string.sub(spot, -26) ~= id
    if kind == 'd' then
      local n = #done + 1
      done[n], tasks[n], chars[n] = id, ARGV[at + 1], string.sub(record, 1, 1)
      if limited then
        local _, item = split(spot)
        release(id, item, freed)
      end
    else
      local place, item = split(spot)
      if kind == 'h' then
        heads[#heads + 1] = {place, item}
      else
        release(id, item, freed)
        again[#again + 1] = {place, item, ARGV[at + 4]}
      end
    end
  end

  redis.call('MSET', unpack(fields))
  redis.call('HDEL', leases, unpack(ids))
  keep_results(count)
  over(done, tasks, chars, tonumber(ARGV[5]), ARGV[3])
  for i = 1, #again do
    local place, item, due = unpack(again[i])
    if tonumber(due) > tonumber(ARGV[3]) then
      delay(place, item, due)
    else
      put(place, {item}, 'RPUSH')
    end
  end
  back(heads)
  for task, k in pairs(freed) do unhold(task, k) end
  undelivered(heard_ids, heard_tasks, heard_blobs)
  started(ARGV[4])
  log(ARGV[4], count)
  return wrong
end

-- submit: puts new runs of one task into one place. See run_transitions.py for the guarantees.
-- ARGV: node, place, task, now_ms, stride, then per run: id, record (stride 2), and with
-- stride 5 also item, due_ms, expires_ms. A client that uses an offer of the daemon names it behind
-- the stride (`2:NAME`): with another offer there, or none, nothing is put and -2 comes back. One
-- without a daemon names the count of the manifests that it has read (`2:#COUNT`).
--@use ring ring_all task_of listened publish leased wake delay log enqueue expires begun
local STRIDE, OFFER = string.match(ARGV[5], '^(%d):?(.*)$')
if string.sub(OFFER, 1, 1) == '#' then
  if redis.call('GET', N .. 'manifests_count') ~= string.sub(OFFER, 2) then return -2 end
elseif OFFER ~= '' and redis.call('GET', N .. 'offer:' .. ARGV[1]) ~= OFFER then
  return -2
end
STRIDE = tonumber(STRIDE)
local PLACE, TASK, NOW = ARGV[2], ARGV[3], tonumber(ARGV[4])
local LANE, QUEUE = string.match(PLACE, '^([^|]*)|([^|]*)|')
-- Internal runs are in no list that clients read; see lib/inner.lua.
local INNER = string.byte(TASK) == 64

-- Writes the records of new runs. Gives a flag for each run, or -1: all are new.
local function create(keys, records)
  local seen, twice = {}, false
  for i = 1, #keys do
    if seen[keys[i]] then twice = true end
    seen[keys[i]] = true
  end
  if not twice and redis.call('EXISTS', unpack(keys)) == 0 then
    local fields = {}
    for i = 1, #keys do
      fields[2 * i - 1], fields[2 * i] = keys[i], records[i]
    end
    redis.call('MSET', unpack(fields))
    return -1
  end
  local flags = {}
  for i = 1, #keys do
    flags[i] = redis.call('SET', keys[i], records[i], 'NX') and 1 or 0
  end
  return flags
end

local keys, records = {}, {}
for at = 6, #ARGV, STRIDE do
  keys[#keys + 1] = N .. 'r:' .. ARGV[at]
  records[#records + 1] = ARGV[at + 1]
end
if #keys == 0 then return {} end
local flags = create(keys, records)

local ready, created, first = {}, 0, nil
for i = 1, #keys do
  if flags == -1 or flags[i] == 1 then
    local at = 6 + (i - 1) * STRIDE
    local id, item = ARGV[at], ARGV[at]
    created = created + 1
    first = first or id
    local due = '0'
    if STRIDE == 5 then
      item, due = ARGV[at + 2], ARGV[at + 3]
      if ARGV[at + 4] ~= '0' then expires(id, ARGV[at + 4]) end
    end
    if tonumber(due) > NOW then
      delay(PLACE, item, due)
    else
      ready[#ready + 1] = {id, item, ARGV[at + 1]}
    end
  end
end
if created == 0 then return flags end
redis.call('SADD', N .. 'lanes', LANE)
if INNER then
  for i = 1, #ready do redis.call('HSET', N .. 'inner', ready[i][1], NODE) end
  enqueue(PLACE, ready)
  return flags
end
redis.call('HSETNX', N .. 'queues', QUEUE, 0)
if #ready > 0 then
  if redis.call('SISMEMBER', N .. 'watched', TASK) == 1 then
    for i = 1, #ready do begun(ready[i][1], TASK, NOW) end
  end
  enqueue(PLACE, ready)
end
listen()
local entry = add_entry(cmsgpack.pack({{NOW / 1000, first, TASK, 'submitted', 'queued', created}}), 1)
if listened() == '2' then
  for i = 1, #keys do
    if flags == -1 or flags[i] == 1 then
      local id = ARGV[6 + (i - 1) * STRIDE]
      publish(entry, envelope_of('queued', 'null', id, TASK, nil, NOW / 1000), id, TASK)
    end
  end
end
return flags

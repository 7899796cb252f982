-- fire: records occurrences and submits their runs, in one place, each at most once, however many
-- nodes send it and however often. Gives for each '' (made), the state of the run that existed
-- ('-': its record is gone), or '>' and the task's latest start (us) if the node that decided did
-- not know of that one: it decides again. Tells the other nodes of what starts.
-- ARGV: node, place, now_ms, kept, alive_us, then per occurrence: task, due_us, start_us, id,
-- record, item, expires_ms, note, known_us.
--@use ring ring_all task_of listened publish leased wake log enqueue expires occurrence
local PLACE, NOW, KEPT = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local FIRST, SIZE = 6, 9
local LANE, QUEUE = string.match(PLACE, '^([^|]*)|([^|]*)|')

local count = (#ARGV - FIRST + 1) / SIZE
local tasks = {}
for i = 1, count do tasks[i] = ARGV[FIRST + (i - 1) * SIZE] end
local latest = redis.call('HMGET', N .. 'last:r', unpack(tasks))

-- Whether the task has had a start that this decision did not take into account. A start that lies
-- ahead of the clock is one from before the clock was set back.
local function overtaken(i, due, known)
  local start = tonumber(latest[i] or 0)
  return start > tonumber(known) and start <= (NOW + 1000) * 1000
    and not redis.call('ZSCORE', N .. 'occ:' .. tasks[i], due)
end

-- Rings the other nodes for the starts of tasks that they watch: task, start and id of each.
local function tell(made)
  local nodes, names = others_here(), {}
  if #nodes == 0 then return end
  for i = 1, #made do names[i] = made[i][1] end
  for _, node in ipairs(nodes) do
    local watched, words = redis.call('SMISMEMBER', N .. 'watched:' .. node, unpack(names)), {}
    for i = 1, #made do
      if watched[i] == 1 then words[#words + 1] = table.concat(made[i], '|') end
    end
    if #words > 0 then ring_nodes({node}, 'fired|' .. table.concat(words, '|')) end
  end
end

local made = {}
local ready, flags, records, flying, starts, events, owed = {}, {}, {}, {}, {}, {}, {}
for i = 1, count do
  local at = FIRST + (i - 1) * SIZE
  local task, start, id, record = ARGV[at], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  owed[i] = task .. '|' .. ARGV[at + 1]
  if overtaken(i, ARGV[at + 1], ARGV[at + 8]) then
    flags[i] = '>' .. latest[i]
  elseif not occurrence(task, ARGV[at + 1], ARGV[at + 7], KEPT) then
    local state = redis.call('GETRANGE', N .. 'r:' .. id, 0, 0)
    flags[i] = state == '' and '-' or state
  elseif redis.call('EXISTS', N .. 'r:' .. id) == 1 then
    flags[i] = redis.call('GETRANGE', N .. 'r:' .. id, 0, 0)
  else
    flags[i] = ''
    local n = #records
    records[n + 1], records[n + 2] = N .. 'r:' .. id, record
    flying[n + 1], flying[n + 2] = id, task .. '|' .. start
    starts[n + 1], starts[n + 2] = task, start
    made[#made + 1] = {task, start, id}
    ready[#ready + 1] = {id, ARGV[at + 5], record}
    events[#events + 1] = {NOW / 1000, id, task, 'submitted', 'queued', 1}
    if ARGV[at + 6] ~= '0' then expires(id, ARGV[at + 6]) end
  end
end
redis.call('HDEL', N .. 'owed', unpack(owed))
redis.call('SET', N .. 'alive', ARGV[5])
if #ready == 0 then return flags end
redis.call('MSET', unpack(records))
redis.call('HSET', N .. 'flying', unpack(flying))
redis.call('HSET', N .. 'last:r', unpack(starts))
redis.call('HSETNX', N .. 'queues', QUEUE, 0)
redis.call('SADD', N .. 'lanes', LANE)
tell(made)
enqueue(PLACE, ready)
listen()
log(cmsgpack.pack(events), #events)
return flags

-- fire: records occurrences and submits their runs, in one place, each at most once, however many
-- nodes send it and however often. Gives for each '' (made), or the state of the run that existed
-- ('-': its record is gone).
-- ARGV: node, place, now_ms, kept, alive_us, then per occurrence: task, due_us, start_us, id,
-- record, item, expires_ms, note.
--@use ring ring_all leased wake log enqueue expires occurrence
local PLACE, NOW, KEPT = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local FIRST, SIZE = 6, 8
local LANE, QUEUE = string.match(PLACE, '^([^|]*)|([^|]*)|')

local count = (#ARGV - FIRST + 1) / SIZE
local ready, flags, records, flying, starts, events, owed = {}, {}, {}, {}, {}, {}, {}
for i = 1, count do
  local at = FIRST + (i - 1) * SIZE
  local task, start, id, record = ARGV[at], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  owed[i] = task .. '|' .. ARGV[at + 1]
  if not occurrence(task, ARGV[at + 1], ARGV[at + 7], KEPT) then
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
enqueue(PLACE, ready)
log(cmsgpack.pack(events), #events)
return flags

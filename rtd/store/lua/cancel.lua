-- cancel: ends a run that waits, if its record is still the one that was read.
-- ARGV: node, now_ms, events, history, id, place, item, task, old record, new record, 't' if
-- middleware must hear of it.
--@use ring ring_all wake put split unhold drop inner records tasklog unsuccessful over listened publish log undelivered
-- A client without a daemon: a node that is there writes the task log.
if NODE == '' then NODE = others_here()[1] or '' end
local ID, PLACE, ITEM, TASK = ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local KEY, SPOT = N .. 'r:' .. ID, PLACE .. '|' .. ITEM

-- Takes the run out of a list; false: it is not there.
local function take_from(place)
  local list = N .. 'q:' .. place
  if redis.call('LREM', list, 1, ITEM) == 0 then return false end
  if redis.call('EXISTS', list) == 0 then
    redis.call('ZREM', N .. 'walk:' .. string.match(place, '^[^|]*'), place)
    redis.call('SREM', N .. 'parked', place)
  end
  return true
end

-- Takes the run out of where it waits: if that succeeds, no executor has it. It may be a stray.
local function take_out()
  if redis.call('ZREM', N .. 'delayed', SPOT) == 1 then return true end
  local lane, rest = string.match(PLACE, '^([^|]*)(|.*)$')
  if take_from(PLACE) or take_from(lane .. ':' .. TASK .. rest) then return true end
  if not limit(ITEM) or redis.call('LREM', N .. 'held:' .. TASK, 1, SPOT) == 0 then
    return false
  end
  if redis.call('EXISTS', N .. 'held:' .. TASK) == 0 then
    redis.call('SREM', N .. 'holding', TASK)
  end
  return true
end

local record = redis.call('GET', KEY)
redis.call('ZREM', N .. 'expiring', ID)
if not record then return 'missing' end
if record ~= ARGV[9] then return 'changed' end
if not take_out() then return 'leased' end
redis.call('SET', KEY, ARGV[10])
over({ID}, {TASK}, {string.sub(ARGV[10], 1, 1)}, tonumber(ARGV[4]), ARGV[2])
-- It may have been the next run under its task's limit.
if limit(ITEM) then unhold(TASK, 1) end
if ARGV[11] == 't' then undelivered({ID}, {TASK}, {ARGV[10]}) end
log(ARGV[3], 1)
return 'ok'

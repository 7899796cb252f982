-- take: leases up to n runs to an executor. See run_transitions.py for the guarantees. One of lane
-- `LANE+lent` takes only runs of LANE that runs of its node wait for, from the heads of the lists.
-- ARGV: node, exec, lane, n, now_ms, enroll.
--@use ring ring_all task_of leased ended wake put split promote
local EXEC, LANE, MOST = ARGV[2], ARGV[3], tonumber(ARGV[4])
local WALK, LEASE = N .. 'walk:' .. LANE, N .. 'lease:' .. EXEC
-- How many waiting runs one take examines, when limits or cancelled runs are in the way.
local LOOKS = 1000

-- The first word is 'rung' instead of 'runs' when the executor was not idle any more and
-- nothing is on its bell: if it was idle, another connection of its own has the token.
local out, leases, running = {'runs'}, {}, {}
local status, want, looks = nil, 0, LOOKS

-- Whether a run of a limited task may start now; if not, the run is held.
local function admitted(place, item)
  local most, task = limit(item)
  local count = running[task] or redis.call('SCARD', N .. 'cc:' .. task)
  if count < most then
    redis.call('SADD', N .. 'cc:' .. task, string.sub(item, 1, 26))
    running[task] = count + 1
    return true
  end
  running[task] = count
  redis.call('RPUSH', N .. 'held:' .. task, place .. '|' .. item)
  redis.call('SADD', N .. 'holding', task)
  return false
end

-- The best place. Those of equal rank take turns.
local function best()
  local top = redis.call('ZREVRANGE', WALK, 0, 1, 'WITHSCORES')
  if top[4] and top[4] == top[2] then
    local equals = redis.call('ZCOUNT', WALK, top[2], top[2])
    local turn = redis.call('HINCRBY', N .. 'turns', LANE, 1) % equals
    return redis.call('ZREVRANGE', WALK, turn, turn)[1]
  end
  return top[1]
end

-- Pops up to `want` items off a place and leases those that may run; if they return, they return
-- to the place `home`. An executor that gets what is no record ends that run as lost. Gives how
-- many it popped.
local function pop(walk, place, want, home)
  local list = N .. 'q:' .. place
  local items = redis.call('LPOP', list, want) or {}
  if #items < want or redis.call('EXISTS', list) == 0 then redis.call('ZREM', walk, place) end
  if #items == 0 then return 0 end
  local keys = {}
  for i = 1, #items do keys[i] = N .. 'r:' .. string.sub(items[i], 1, 26) end
  local records = redis.call('MGET', unpack(keys))
  local n, l = #out, #leases
  for i = 1, #items do
    local item, record = items[i], records[i]
    if record and (string.byte(record) == 113 or not ended(record))
        and (#item == 26 or admitted(home, item)) then
      local id = string.sub(item, 1, 26)
      out[n + 1], out[n + 2] = id, record
      leases[l + 1], leases[l + 2] = id, home .. '|' .. item
      leased(id, record)
      n, l = n + 2, l + 2
    end
  end
  return #items
end

-- Takes runs that nodes without their task have declined, see lib/strays.lua.
local function take_strays()
  local left = false
  for _, apart in ipairs(redis.call('SMEMBERS', N .. 'strays')) do
    local lane, task = string.match(apart, '^([^:]*):(.*)$')
    if lane == LANE and redis.call('SISMEMBER', N .. 'having:' .. NODE, task) == 1 then
      local walk = N .. 'walk:' .. apart
      local place = redis.call('ZREVRANGE', walk, 0, 0)[1]
      while place and want > 0 and looks > 0 do
        local home = LANE .. string.match(place, '^[^|]*(|.*)$')
        looks = looks - math.max(1, pop(walk, place, want, home))
        want = MOST - (#out - 1) / 2
        place = redis.call('ZREVRANGE', walk, 0, 0)[1]
      end
      left = left or place
      if not place then
        redis.call('SREM', N .. 'strays', apart)
        redis.call('SREM', N .. 'lanes', apart)
      end
    end
  end
  if not left then redis.call('HSET', N .. 'execs', EXEC, 'a' .. string.sub(status, 2)) end
end

-- Takes runs that runs of this node wait for.
local function take_awaited(lane)
  local walk, key = N .. 'walk:' .. lane, N .. 'awaited:' .. NODE .. ':' .. lane
  for _, place in ipairs(redis.call('ZREVRANGE', walk, 0, -1)) do
    while want > 0 and looks > 0 do
      local item = redis.call('LINDEX', N .. 'q:' .. place, 0)
      if not item or redis.call('SISMEMBER', key, string.sub(item, 1, 26)) == 0 then break end
      looks = looks - pop(walk, place, 1, place)
      want = MOST - (#out - 1) / 2
    end
  end
end

local function enroll()
  if ARGV[6] ~= '1' or redis.call('EXISTS', N .. 'tomb:' .. EXEC) == 1 then return nil end
  local status = (redis.call('EXISTS', N .. 'strays') == 1 and 's' or 'a') .. LANE .. '|' .. NODE
  redis.call('HSET', N .. 'execs', EXEC, status)
  return status
end

status = redis.call('HGET', N .. 'execs', EXEC)
local fresh = not status
status = status or enroll()
if not status then return {'fenced'} end

local was_idle = redis.call('SREM', N .. 'idle:' .. LANE, EXEC) == 1
local token = redis.call('LPOP', N .. 'bell:' .. EXEC)
if not was_idle and not token then out[1] = 'rung' end
while token do
  if #token > 26 then
    out[#out + 1] = string.sub(token, 1, 26)
    out[#out + 1] = string.sub(token, 27)
  end
  token = redis.call('LPOP', N .. 'bell:' .. EXEC)
end

if string.sub(status, 1, 1) == 'r' then
  if #out > 1 then return out end
  -- Pass on the wake-up of this executor.
  if redis.call('EXISTS', WALK) == 1 then wake(LANE, 1) end
  return {'retire'}
end

promote(ARGV[5])
want = MOST - (#out - 1) / 2
if string.sub(status, 1, 1) == 's' then take_strays() end
if string.sub(LANE, -5) == '+lent' then take_awaited(string.sub(LANE, 1, -6)) end
while want > 0 and looks > 0 do
  local place = best()
  if not place then break end
  looks = looks - math.max(1, pop(WALK, place, want, place))
  want = MOST - (#out - 1) / 2
end
if #leases > 0 then redis.call('HSET', LEASE, unpack(leases)) end

if fresh then
  redis.call('DEL', N .. 'demand:' .. LANE)
  if redis.call('EXISTS', WALK) == 1 then wake(LANE, 1) end
end
if #out > 1 or looks <= 0 then return out end
redis.call('SADD', N .. 'idle:' .. LANE, EXEC)
redis.call('DEL', N .. 'demand:' .. LANE)
return {'idle', redis.call('ZRANGE', N .. 'delayed', 0, 0, 'WITHSCORES')[2] or ''}

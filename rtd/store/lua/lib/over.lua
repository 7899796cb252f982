-- over(ids, tasks, chars, history, now): updates everything else after runs have ended and their
-- records are written: lists of finished runs, counts, and the bells of those that wait or watch.
local function trim(task, ids, history)
  local list = N .. 'done:' .. task
  local length = redis.call('LPUSH', list, unpack(ids))
  if length == #ids then redis.call('SADD', N .. 'ended', task) end
  local excess = length - history
  if excess <= 0 then return end
  drop(list, math.min(excess, 4000))
end

-- Publishes the ends for which clients without a daemon wait.
local function tell_clients(ids)
  if redis.call('EXISTS', N .. 'awaited') == 0 then return end
  for i, found in ipairs(redis.call('SMISMEMBER', N .. 'awaited', unpack(ids))) do
    if found == 1 then
      redis.call('SREM', N .. 'awaited', ids[i])
      redis.pcall('PUBLISH', 'over:' .. N .. ids[i], '')
    end
  end
end

local function tell(ids, tasks, chars, now)
  local waited = redis.call('SMISMEMBER', N .. 'waits', unpack(ids))
  local watched = redis.call('SMISMEMBER', N .. 'watched', unpack(tasks))
  for i = 1, #ids do
    if waited[i] == 1 then
      redis.call('SREM', N .. 'waits', ids[i])
      ring_all('done|' .. ids[i])
    end
    if watched[i] == 1 then
      local begun = redis.call('HDEL', N .. 'flying', ids[i]) == 1
      redis.call('HSET', N .. 'last:' .. chars[i], tasks[i], now .. '000')
      -- A cancelled run has used up its due moment all the same.
      if begun and chars[i] == 'c' then
        redis.call('HSET', N .. 'last:u', tasks[i], now .. '000')
      end
      local token = 'task|' .. tasks[i] .. '|' .. chars[i] .. '|' .. ids[i] .. '|' .. now
      ring_watchers('watched', tasks[i], token)
    end
  end
end

local function over(ids, tasks, chars, history, now)
  ids, tasks, chars = inner(ids, tasks, chars)
  if #ids == 0 then return end
  if NODE ~= '' then unsuccessful(ids, chars) end
  local logged, counted = N .. 'logged:' .. NODE, N .. 'counted:' .. NODE
  if redis.call('EXISTS', N .. 'waits', N .. 'watched', N .. 'progress', N .. 'intent',
      N .. 'awaited', logged, counted) > 0 then
    -- Before `trim` deletes records.
    if redis.call('EXISTS', logged) == 1 then tasklog(ids, tasks, chars, now) end
    if redis.call('EXISTS', counted) == 1 then
      for i = 1, #chars do redis.call('HINCRBY', counted, chars[i], 1) end
    end
    redis.call('HDEL', N .. 'progress', unpack(ids))
    redis.call('HDEL', N .. 'intent', unpack(ids))
    tell(ids, tasks, chars, now)
    tell_clients(ids)
  end
  local bad, by_task, counts = {}, {}, {}
  for i = 1, #ids do
    local id, task, char = ids[i], tasks[i], chars[i]
    if char ~= 's' then bad[#bad + 1] = id end
    local mine = by_task[task]
    if not mine then
      mine = {}
      by_task[task] = mine
      counts[task] = {}
    end
    mine[#mine + 1] = id
    counts[task][char] = (counts[task][char] or 0) + 1
  end
  if redis.call('LPUSH', N .. 'done', unpack(ids)) > 11000 then
    redis.call('LTRIM', N .. 'done', 0, 9999)
  end
  if #bad > 0 and redis.call('LPUSH', N .. 'bad', unpack(bad)) > 11000 then
    redis.call('LTRIM', N .. 'bad', 0, 9999)
  end
  for task, mine in pairs(by_task) do
    for char, count in pairs(counts[task]) do
      redis.call('HINCRBY', N .. 'tally', char, count)
      redis.call('HINCRBY', N .. 'tally:' .. task, char, count)
    end
    trim(task, mine, history)
  end
end

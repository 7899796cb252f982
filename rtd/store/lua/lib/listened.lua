-- listened(): who wants events of runs, beside the stream: '2' subscribers of channels (perhaps),
-- '1' only clients that follow the streams, 's' none but begun runs were told, '0' none. Redis
-- tells no script of its subscribers, so one script in 0.1 s asks, and the others read the answer.
local level

local function listened()
  level = level or redis.call('GET', N .. 'listened')
  if level then return level end
  local patterns = redis.pcall('PUBSUB', 'NUMPAT')
  local channels = redis.pcall('PUBSUB', 'CHANNELS', N .. '*')
  level = redis.call('EXISTS', N .. 'started') == 1 and 's' or '0'
  if redis.call('EXISTS', N .. 'followed') == 1 then level = '1' end
  -- A Redis that does not let a script ask may have subscribers.
  if type(patterns) ~= 'number' or patterns > 0 or channels.err or #channels > 0 then
    level = '2'
  end
  redis.call('SET', N .. 'listened', level, 'PX', 100)
  return level
end

-- listen(): lets the supervisors see on their boards which runs begin, while that is wanted. Called
-- where runs come to a queue, not where executors take them. Needs ring_all.
local function listen()
  local known = listened()
  if (known == '1' or known == '2')
      and redis.call('SET', N .. 'listening', '1', 'EX', 5, 'NX') then
    ring_all('listen|')
  end
end

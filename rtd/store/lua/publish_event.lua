-- publish_event: keeps an event of a task and publishes it. ARGV: node, run id, task, the event as
-- a JSON object. Subscribers get it with its `id`, which is its place in the stream.
--@use listened publish log result tell_start
local event, known = ARGV[4], listened()
if (known == '1' or known == '2')
    and redis.call('SISMEMBER', N .. 'started', ARGV[2]) == 0 then
  local ok, about = pcall(cjson.decode, event)
  local record = redis.call('GET', N .. 'r:' .. ARGV[2])
  if ok then tell_start(ARGV[2], ARGV[3], record, about.attempt, about.at) end
end
-- The stream of its own keeps them from pushing out the events of rtd itself, and has a bound.
local most = #event > 4096 and 1000 or 10000
local id = redis.call('XADD', N .. 'user_events', 'MAXLEN', '~', most, '*', 'b', event)
publish(id, event, ARGV[2], ARGV[3])
return id

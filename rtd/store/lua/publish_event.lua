-- publish_event: keeps an event of a task and publishes it. ARGV: node, run id, task, the event as
-- a JSON object. Subscribers get it with its `id`, which is its place in the stream.
--@use listened publish
local event = ARGV[4]
-- The stream of its own keeps them from pushing out the events of rtd itself, and has a bound.
local most = #event > 4096 and 1000 or 10000
local id = redis.call('XADD', N .. 'user_events', 'MAXLEN', '~', most, '*', 'b', event)
publish(id, event, ARGV[2], ARGV[3])
return id

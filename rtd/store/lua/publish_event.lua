-- publish_event: keeps an event of a task and publishes it. ARGV: node, run id, task, the event as
-- a JSON object. Subscribers get it with its `id`, which is its place in the stream.
local event = ARGV[4]
-- The stream of its own keeps them from pushing out the events of rtd itself, and has a bound.
local most = #event > 4096 and 1000 or 10000
local id = redis.call('XADD', N .. 'user_events', 'MAXLEN', '~', most, '*', 'b', event)
local envelope = '{"id":"' .. id .. '",' .. string.sub(event, 2)
redis.call('PUBLISH', N .. 'run:' .. ARGV[2], envelope)
redis.call('PUBLISH', N .. 'task:' .. ARGV[3], envelope)
return id

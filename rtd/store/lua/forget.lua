-- forget: deletes the oldest finished runs of a task, if the newest of them is still the one that
-- was read (another command may have trimmed the list meanwhile). Gives how many records went.
-- ARGV: node, task, count, last id.
--@use drop
local LIST, COUNT = N .. 'done:' .. ARGV[2], tonumber(ARGV[3])
if redis.call('LINDEX', LIST, -COUNT) ~= ARGV[4] then return 0 end
local gone = drop(LIST, COUNT)
if redis.call('EXISTS', LIST) == 0 then redis.call('SREM', N .. 'ended', ARGV[2]) end
return gone

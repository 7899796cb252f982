-- forget_run: deletes the record of one finished run. Gives 1, or 0 when it has not finished.
-- ARGV: task, id.
--@use ended
local LIST, ID = N .. 'done:' .. ARGV[1], ARGV[2]
local record = redis.call('GET', N .. 'r:' .. ID)
if not record or not ended(record) then return 0 end
redis.call('DEL', N .. 'r:' .. ID)
-- From the end, where the old ones are.
redis.call('LREM', LIST, -1, ID)
if redis.call('EXISTS', LIST) == 0 then redis.call('SREM', N .. 'ended', ARGV[1]) end
return 1

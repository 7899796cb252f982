-- promote: delayed runs that are due join their lists, in rounds of 100, at most 1,000.
-- Gives when the next one is due. ARGV: node, now_ms.
--@use ring ring_all listened wake put split promote
listen()
local due
for _ = 1, 10 do
  promote(ARGV[2])
  due = redis.call('ZRANGE', N .. 'delayed', 0, 0, 'WITHSCORES')[2]
  if not due or tonumber(due) > tonumber(ARGV[2]) then break end
end
return due or ''

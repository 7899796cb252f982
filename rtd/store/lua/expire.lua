-- expire: reads runs whose time to start is over, and forgets those that ended meanwhile. Gives
-- when the next one expires after these, then id and record of each. ARGV: now_ms, limit.
--@use records
local EXPIRING = N .. 'expiring'
local ids = redis.call('ZRANGEBYSCORE', EXPIRING, '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
local blobs, out, kept = records(ids), {''}, 0
for i = 1, #ids do
  if blobs[i] and string.sub(blobs[i], 1, 1) == 'q' then
    kept = kept + 1
    out[#out + 1] = ids[i]
    out[#out + 1] = blobs[i]
  else
    redis.call('ZREM', EXPIRING, ids[i])
  end
end
out[1] = redis.call('ZRANGE', EXPIRING, kept, kept, 'WITHSCORES')[2] or ''
return out

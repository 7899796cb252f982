-- intend: records that a run must stop, while it is not over. ARGV: id, blob.
if redis.call('GETRANGE', N .. 'r:' .. ARGV[1], 0, 0) ~= 'q' then return 0 end
redis.call('HSET', N .. 'intent', ARGV[1], ARGV[2])
return 1

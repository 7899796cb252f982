-- progress: records how far a run is, for the executor that holds it. ARGV: exec, id, blob.
if redis.call('HEXISTS', N .. 'lease:' .. ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('HSET', N .. 'progress', ARGV[2], ARGV[3])
return 1

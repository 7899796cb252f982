-- withdraw_intent: forgets the request to stop a run, if it is still this one. ARGV: id, blob.
if redis.call('HGET', N .. 'intent', ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', N .. 'intent', ARGV[1])

-- manifest: keeps the manifest of a node, for clients without a daemon; the count lets them read
-- all of them again only after a change. ARGV: node, manifest. Gives 1 if it is another.
if redis.call('HGET', N .. 'manifests', NODE) == ARGV[2] then return 0 end
redis.call('HSET', N .. 'manifests', NODE, ARGV[2])
redis.call('INCR', N .. 'manifests_count')
return 1

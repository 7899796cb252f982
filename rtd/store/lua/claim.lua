-- claim: one daemon per node name. ARGV: node, what the caller believes to stand there ('' for
-- nothing), what shall stand there ('' for nothing), ttl_ms. Answers what does stand there, and
-- changes it only when the caller was right.
local key = N .. 'here:' .. NODE
local found = redis.call('GET', key) or ''
if found ~= ARGV[2] then return found end
if ARGV[3] == '' then
  redis.call('DEL', key)
  redis.call('SREM', N .. 'nodes', NODE)
else
  redis.call('SET', key, ARGV[3], 'PX', ARGV[4])
  redis.call('SADD', N .. 'nodes', NODE)
end
return ARGV[3]

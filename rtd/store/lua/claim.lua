-- claim: one daemon per node name. ARGV: node, the claim that the caller expects ('' for none),
-- the claim that replaces it ('' for none), ttl_ms. Gives the claim that stands there then;
-- replaces it only if it was the expected one.
local key = N .. 'here:' .. NODE
local found = redis.call('GET', key) or ''
if found ~= ARGV[2] then return found end
if ARGV[3] == '' then
  redis.call('DEL', key)
  redis.call('SREM', N .. 'nodes', NODE)
else
  redis.call('SET', key, ARGV[3], 'PX', ARGV[4])
  -- While it restarts, runs of its tasks wait for it.
  redis.call('SET', N .. 'lately:' .. NODE, 1, 'PX', ARGV[4] * 6)
  redis.call('SADD', N .. 'nodes', NODE)
end
return ARGV[3]

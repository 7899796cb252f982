-- merge: a node has changed its set of tasks of one kind (`watched`: the ends of their runs concern
-- it, `asked`: their begins, `returning`: their results); makes the set of all nodes from theirs.
-- The set of a node that is away counts until `until_ms`: it goes on when it comes back.
-- ARGV: node, kind, now_ms, until_ms.
--@use ring ring_all
local KIND, NOW, UNTIL = ARGV[2], ARGV[3], ARGV[4]
local ALL, KNOWN = N .. KIND, N .. 'known:' .. KIND
redis.call('ZADD', KNOWN, UNTIL, NODE)
for _, node in ipairs(others_here()) do
  -- A node of an rtd without such sets: all that is in the common one may be its own.
  if not redis.call('ZSCORE', KNOWN, node) then
    redis.call('SUNIONSTORE', ALL .. ':' .. node, ALL, ALL .. ':' .. node)
  end
  redis.call('ZADD', KNOWN, UNTIL, node)
end
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KNOWN, '-inf', NOW)) do
  redis.call('ZREM', KNOWN, node)
  redis.call('DEL', ALL .. ':' .. node)
  if KIND == 'having' and redis.call('HDEL', N .. 'manifests', node) == 1 then
    redis.call('INCR', N .. 'manifests_count')
  end
end
local keys = {}
for _, node in ipairs(redis.call('ZRANGE', KNOWN, 0, -1)) do keys[#keys + 1] = ALL .. ':' .. node end
return redis.call('SUNIONSTORE', ALL, unpack(keys))

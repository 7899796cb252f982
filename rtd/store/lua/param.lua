-- param: sets the value of a parameter at run time, or removes it ('' for the value: every packed
-- value has a byte). Rings all nodes: their conditions may read it. Gives whether anything has
-- changed. ARGV: node, field, value.
--@use ring ring_all
local KEY, FIELD, VALUE = N .. 'params', ARGV[2], ARGV[3]
local changed = 1
if VALUE == '' then
  changed = redis.call('HDEL', KEY, FIELD)
else
  redis.call('HSET', KEY, FIELD, VALUE)
end
if changed == 1 then ring_all('params') end
return changed

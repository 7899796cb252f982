-- param: a value of a parameter that is set at run time, or taken back ('' for the value: every
-- packed value has a byte). The nodes that have executors are told: their conditions may ask
-- for it. Gives whether anything has changed. ARGV: node, field, value.
--@use ring
local KEY, FIELD, VALUE = N .. 'params', ARGV[2], ARGV[3]
local changed = 1
if VALUE == '' then
  changed = redis.call('HDEL', KEY, FIELD)
else
  redis.call('HSET', KEY, FIELD, VALUE)
end
local told = {[NODE] = changed == 1}
if told[NODE] then ring('params') end
for _, status in ipairs(redis.call('HVALS', N .. 'execs')) do
  NODE = string.match(status, '|(.*)$')
  if changed == 1 and not told[NODE] then
    told[NODE] = true
    ring('params')
  end
end
return changed

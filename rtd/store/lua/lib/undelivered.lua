-- undelivered(ids, blobs): keeps how attempts ended that rtd itself ended, for the middleware of NODE's
-- app, if it has any. An entry is its number, '|', the id of the run, and its record after the
-- attempt; of a long one only the id, since its record is there for long. Beyond MOST entries they
-- are only counted.
local MOST, LONGEST = 100000, 65536

local function undelivered(ids, blobs)
  if #ids == 0 or redis.call('SISMEMBER', N .. 'outcomes:nodes', NODE) == 0 then return end
  local list = N .. 'outcomes:list:' .. NODE
  local waiting = redis.call('LLEN', list)
  if waiting >= MOST then
    redis.call('INCRBY', N .. 'outcomes:lost:' .. NODE, #ids)
    return
  end
  local last = redis.call('INCRBY', N .. 'outcomes:number:' .. NODE, #ids)
  for i = 1, #ids do
    local number = string.format('%.0f', last - #ids + i)
    local blob = #blobs[i] <= LONGEST and blobs[i] or ''
    redis.call('RPUSH', list, number .. '|' .. ids[i] .. blob)
    redis.call('HSET', N .. 'outcomes:open', ids[i], NODE .. '|' .. number)
  end
  if waiting == 0 then ring('outcomes|') end
end

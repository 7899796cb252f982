-- delivered: the middleware of a node's app has heard of all entries up to a number: forgets them.
-- Gives how many were lost since the last call. ARGV: node, number.
local LIST, UPTO = N .. 'outcomes:list:' .. NODE, tonumber(ARGV[2])
while true do
  local head = redis.call('LINDEX', LIST, 0)
  local number = head and string.match(head, '^%d+')
  if not number or tonumber(number) > UPTO then break end
  redis.call('LPOP', LIST)
  local id = string.sub(head, #number + 2, #number + 27)
  -- Unless a later attempt of the run waits, too.
  if redis.call('HGET', N .. 'outcomes:open', id) == NODE .. '|' .. number then
    redis.call('HDEL', N .. 'outcomes:open', id)
  end
end
local lost = redis.call('GET', N .. 'outcomes:lost:' .. NODE)
redis.call('DEL', N .. 'outcomes:lost:' .. NODE)
return tonumber(lost or 0)

-- delay(place, item, due): the run waits until `due` ms. Rings the supervisor when no other is due
-- earlier.
local function delay(place, item, due)
  local member = place .. '|' .. item
  redis.call('ZADD', N .. 'delayed', due, member)
  if redis.call('ZRANGE', N .. 'delayed', 0, 0)[1] == member then
    ring('due|' .. due)
  end
end

-- promote(now): moves delayed runs that are due, at most 100, to the tails of their lists.
local function promote(now)
  local due = redis.call('ZRANGEBYSCORE', N .. 'delayed', '-inf', now, 'LIMIT', 0, 100)
  if #due == 0 then return end
  redis.call('ZREM', N .. 'delayed', unpack(due))
  local groups, order = {}, {}
  for i = 1, #due do
    local place, item = split(due[i])
    if not groups[place] then
      groups[place] = {}
      order[#order + 1] = place
    end
    table.insert(groups[place], item)
  end
  for i = 1, #order do
    put(order[i], groups[order[i]], 'RPUSH')
  end
end

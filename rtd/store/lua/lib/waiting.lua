-- each_waiting(limit, queue, visit): calls visit(id, where, place and item) for runs that wait, of
-- one queue or of all (''), in the order of `take`, then held and delayed ones; at most `limit`
-- times. No internal runs (their queues begin with '@').
local function each_waiting(limit, queue, visit)
  local count = 0

  -- Reads a list or sorted set in pieces until there are enough.
  local function walk(command, key, kind, prefix)
    local first = 0
    while count < limit do
      local piece = redis.call(command, key, first, first + 999)
      for i = 1, #piece do
        if count == limit then return end
        local spot = prefix .. piece[i]
        if queue == '' or string.match(spot, '^[^|]*|([^|]*)|') == queue then
          local item = string.match(spot, '^[^|]*|[^|]*|[^|]*|(.*)$')
          count = count + 1
          visit(string.sub(item, 1, 26), kind, spot)
        end
      end
      if #piece < 1000 then return end
      first = first + 1000
    end
  end

  for _, place in ipairs(places()) do
    local its = string.match(place, '^[^|]*|([^|]*)|')
    if string.byte(its) ~= 64 and (queue == '' or its == queue) then
      walk('LRANGE', N .. 'q:' .. place, 'queue', place .. '|')
    end
  end
  for _, task in ipairs(redis.call('SMEMBERS', N .. 'holding')) do
    walk('LRANGE', N .. 'held:' .. task, 'held', '')
  end
  walk('ZRANGE', N .. 'delayed', 'delayed', '')
end

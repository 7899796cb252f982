-- advance: moves runs that runs of a node wait for to the heads of their lists. With items, these,
-- in this order, in the list of `place`; without, all of the lane, in the order in which they are.
-- Those that are not in a list stay where they are. ARGV: node, lane, place, items.
local AWAITED = N .. 'awaited:' .. ARGV[1] .. ':' .. ARGV[2]

local function push(list, items)
  for i = 1, #items, 1000 do
    redis.call('RPUSH', list, unpack(items, i, math.min(i + 999, #items)))
  end
end

-- Which of up to 1,000 items runs wait for, in the form of SMISMEMBER.
local function awaited(items, first)
  local ids = {}
  for i = first, math.min(first + 999, #items) do ids[#ids + 1] = string.sub(items[i], 1, 26) end
  return redis.call('SMISMEMBER', AWAITED, unpack(ids))
end

local function advance_all(list)
  local items, before, rest = redis.call('LRANGE', list, 0, -1), {}, {}
  local is_moved = false
  for first = 1, #items, 1000 do
    for i, is_awaited in ipairs(awaited(items, first)) do
      local item = items[first + i - 1]
      if is_awaited == 1 then
        is_moved = is_moved or #rest > 0
        before[#before + 1] = item
      else
        rest[#rest + 1] = item
      end
    end
  end
  if not is_moved then return end
  redis.call('DEL', list)
  push(list, before)
  push(list, rest)
end

if #ARGV > 3 then
  local list = N .. 'q:' .. ARGV[3]
  for i = #ARGV, 4, -1 do
    if redis.call('LREM', list, -1, ARGV[i]) == 1 then redis.call('LPUSH', list, ARGV[i]) end
  end
  return 0
end
for _, place in ipairs(redis.call('ZRANGE', N .. 'walk:' .. ARGV[2], 0, -1)) do
  advance_all(N .. 'q:' .. place)
end
return 0

-- advance: moves runs that another run waits for to the head of their list, in this order. Those
-- that are not in it stay where they are. ARGV: place, items.
local LIST = N .. 'q:' .. ARGV[1]
-- Beyond this many each is sought by itself no more: the list is written once.
local FEW = 16

local function move_few()
  for i = #ARGV, 2, -1 do
    if redis.call('LREM', LIST, -1, ARGV[i]) == 1 then redis.call('LPUSH', LIST, ARGV[i]) end
  end
end

local function push(items)
  for i = 1, #items, 1000 do
    redis.call('RPUSH', LIST, unpack(items, i, math.min(i + 999, #items)))
  end
end

local function move_many()
  local wanted, there, rest, first = {}, {}, {}, {}
  for i = 2, #ARGV do wanted[ARGV[i]] = true end
  for _, item in ipairs(redis.call('LRANGE', LIST, 0, -1)) do
    if wanted[item] then there[item] = true else rest[#rest + 1] = item end
  end
  for i = 2, #ARGV do
    if there[ARGV[i]] then
      there[ARGV[i]] = nil
      first[#first + 1] = ARGV[i]
    end
  end
  if #first == 0 or #rest == 0 then return end
  redis.call('DEL', LIST)
  push(first)
  push(rest)
end

if redis.call('EXISTS', LIST) == 0 then return 0 end
if #ARGV <= FEW then move_few() else move_many() end
return 0

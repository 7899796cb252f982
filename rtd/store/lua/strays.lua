-- strays: looks after the runs that wait for a node that has their task. Calls executors of such
-- nodes again: the one that was woken may have ended. When there is no such node any more, the runs
-- return to where they waited before, and the next executor that takes one ends it with an error;
-- those that a client has declared itself go on waiting.
-- ARGV: node.
--@use ring ring_all wake put split strays

local function bring_back(place, home)
  local items, list = redis.call('LRANGE', N .. 'q:' .. place, 0, -1), {}
  for i = #items, 1, -1 do list[#list + 1] = items[i] end
  redis.call('DEL', N .. 'q:' .. place)
  if #list > 0 then put(home, list, 'LPUSH') end
end

local strays = redis.call('SMEMBERS', N .. 'strays')
for _, apart in ipairs(strays) do
  local lane, task = string.match(apart, '^([^:]*):(.*)$')
  local walk = N .. 'walk:' .. apart
  local places, count = redis.call('ZRANGE', walk, 0, -1), 0
  local nodes = #places > 0 and nodes_having(task) or {}
  local waits = #nodes == 0 and #places > 0 and is_declared(task)
  for _, place in ipairs(places) do
    if #nodes == 0 and not waits then
      bring_back(place, lane .. string.match(place, '^[^|]*(|.*)$'))
    else
      count = count + redis.call('LLEN', N .. 'q:' .. place)
    end
  end
  if #nodes == 0 and not waits then
    redis.call('DEL', walk)
    redis.call('SREM', N .. 'strays', apart)
    redis.call('SREM', N .. 'lanes', apart)
  else
    call_in(lane, nodes, count)
  end
end
return #strays

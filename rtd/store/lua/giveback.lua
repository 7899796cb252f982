-- giveback: leases that were not started return to the heads of their lists.
-- ARGV: node, exec, ids.
--@use ring wake put split unhold back
local LEASE = N .. 'lease:' .. ARGV[2]
if #ARGV < 3 then return {} end
local where = redis.call('HMGET', LEASE, unpack(ARGV, 3))
local spots, wrong = {}, {}
for i = 1, #where do
  -- Deletes one by one: an id that is passed twice goes back once.
  if where[i] and redis.call('HDEL', LEASE, ARGV[i + 2]) == 1 then
    local place, item = split(where[i])
    spots[#spots + 1] = {place, item}
  else
    wrong[#wrong + 1] = ARGV[i + 2]
  end
end
back(spots)
return wrong

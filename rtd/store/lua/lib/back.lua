-- back(spots): returns runs that were leased and not carried out to the heads of their lists; the
-- first of `spots` ({place, item} each) is the first to be taken again.
local function back(spots)
  local freed = {}
  for i = #spots, 1, -1 do
    local place, item = spots[i][1], spots[i][2]
    local most, task = limit(item)
    if most then redis.call('SREM', N .. 'cc:' .. task, string.sub(item, 1, 26)) end
    -- It takes the free room under its task's limit itself, unless its queue is paused.
    if not put(place, {item}, 'LPUSH') and most then
      freed[task] = (freed[task] or 0) + 1
    end
  end
  for task, k in pairs(freed) do unhold(task, k) end
end

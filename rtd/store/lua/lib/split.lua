-- split('lane|queue|priority|item') gives place and item. An item longer than a run's id is
-- 'id|max_concurrency|task'; limit(item) gives the last two, or nil.
local function split(text)
  return string.match(text, '^([^|]*|[^|]*|[^|]*)|(.*)$')
end

local function limit(item)
  if #item == 26 then return nil end
  local most, task = string.match(item, '^[^|]*|(%d+)|(.*)$')
  return tonumber(most), task
end

-- ring(token): tells the supervisor of NODE. A supervisor that is away gets at most 10,000
-- tokens; beyond that one `lost` takes their place and it looks at everything itself.
local function ring(token)
  local bell = N .. 'bell:node:' .. NODE
  if redis.call('RPUSH', bell, token) > 10000 then
    redis.call('DEL', bell)
    redis.call('RPUSH', bell, 'lost')
  end
end

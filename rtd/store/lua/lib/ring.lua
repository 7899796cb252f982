-- ring(token): sends a token to the supervisor of NODE. At most 10,000 wait for a supervisor that
-- is away; beyond that one `lost` replaces them all, and it reads everything itself.
local function ring(token)
  local bell = N .. 'bell:node:' .. NODE
  if redis.call('RPUSH', bell, token) > 10000 then
    redis.call('DEL', bell)
    redis.call('RPUSH', bell, 'lost')
  end
end

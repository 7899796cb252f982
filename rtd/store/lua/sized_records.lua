-- sized_records: the records of some runs: false for each that is not there or no
-- text, and instead of one that is too large for a common reply its size, so that it is read alone.
-- ARGV: the largest in bytes, ids.
local LARGEST, out = tonumber(ARGV[1]), {}
for i = 2, #ARGV do
  local size = redis.pcall('STRLEN', N .. 'r:' .. ARGV[i])
  if type(size) ~= 'number' then
    out[i - 1] = false
  elseif size > LARGEST then
    out[i - 1] = size
  else
    out[i - 1] = redis.call('GET', N .. 'r:' .. ARGV[i])
  end
end
return out

-- states: the state character of some runs, in one text; '-' for each that is not there, '?' for one
-- whose record does not begin with a letter. ARGV: ids.
local out = {}
for i = 1, #ARGV do
  local key = N .. 'r:' .. ARGV[i]
  local char = redis.pcall('GETRANGE', key, 0, 0)
  if type(char) ~= 'string' then
    out[i] = '-'
  elseif string.find(char, '^%a') then
    out[i] = char
  else
    out[i] = redis.call('EXISTS', key) == 1 and '?' or '-'
  end
end
return table.concat(out)

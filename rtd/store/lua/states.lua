-- states: the state character of some runs, in one text; '-' for each that is not there.
-- ARGV: ids.
local out = {}
for i = 1, #ARGV do
  local char = redis.pcall('GETRANGE', N .. 'r:' .. ARGV[i], 0, 0)
  out[i] = type(char) == 'string' and char ~= '' and char or '-'
end
return table.concat(out)

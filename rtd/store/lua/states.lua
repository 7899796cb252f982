-- states: the state character of some runs, in one text; '-' for each that is not there, '?' for one
-- whose record does not begin with a letter, or begins as that of a run that goes on and is none:
-- three parts, of which the last, the end, is nil. ARGV: ids.
local out = {}
for i = 1, #ARGV do
  local key = N .. 'r:' .. ARGV[i]
  local head = redis.pcall('GETRANGE', key, 0, 1)
  if type(head) ~= 'string' then
    out[i] = '-'
  elseif string.find(head, '^[qr]') then
    local whole = string.byte(head, 2) == 0x93 and redis.call('GETRANGE', key, -1, -1) == '\192'
    out[i] = whole and string.sub(head, 1, 1) or '?'
  elseif string.find(head, '^%a') then
    out[i] = string.sub(head, 1, 1)
  else
    out[i] = redis.call('EXISTS', key) == 1 and '?' or '-'
  end
end
return table.concat(out)

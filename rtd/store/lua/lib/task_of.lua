-- task_of(record): the task in a record; '' if it is none. A record is the state's character, an
-- array of three, in it the spec as bytes with their length in 1, 2 or 4; in that an array, the
-- schema, the id of 26 characters and the task.
local function task_of(record)
  local width = ({[0xc4] = 1, [0xc5] = 2, [0xc6] = 4})[string.byte(record, 3)]
  if not width or string.byte(record, width + 6) ~= 0xba then return '' end
  local at = width + 33
  local head, first, second = string.byte(record, at, at + 2)
  if not second then return '' end
  if head == 0xd9 then return string.sub(record, at + 2, at + 1 + first) end
  if head == 0xda then return string.sub(record, at + 3, at + 2 + first * 256 + second) end
  return string.sub(record, at + 1, at + head - 0xa0)
end

-- result(record): the blob of a run's result, cut out of its record, because Redis' own
-- MessagePack knows no binary data. A record is its state's character and then [spec, attempts,
-- [ended_at, result, by, why, pids]].
local WIDE = {[0xca] = 4, [0xcb] = 8, [0xcc] = 1, [0xcd] = 2, [0xce] = 4, [0xcf] = 8,
              [0xd0] = 1, [0xd1] = 2, [0xd2] = 4, [0xd3] = 8}
local LONG = {[0xc4] = 1, [0xc5] = 2, [0xc6] = 4, [0xd9] = 1, [0xda] = 2, [0xdb] = 4}
local MANY = {[0xdc] = 2, [0xdd] = 4, [0xde] = 2, [0xdf] = 4}
-- A task that returned nothing returned None, which is this byte.
local NONE = '\192'

local function number(text, at, size)
  local value = 0
  for i = at, at + size - 1 do value = value * 256 + string.byte(text, i) end
  return value
end

-- Gives where the value that begins at `at` ends, and where its content begins.
local function skip(text, at)
  local byte, count, pos = string.byte(text, at), 0, at + 1
  if WIDE[byte] then return pos + WIDE[byte], pos end
  if LONG[byte] then
    local from = pos + LONG[byte]
    return from + number(text, pos, LONG[byte]), from
  end
  if MANY[byte] then
    count, pos = number(text, pos, MANY[byte]), pos + MANY[byte]
  elseif byte >= 0xa0 and byte < 0xc0 then
    return pos + byte - 0xa0, pos
  elseif byte >= 0x80 and byte < 0xa0 then
    count = byte % 16
  end
  if byte >= 0x80 and byte < 0x90 or byte == 0xde or byte == 0xdf then count = count * 2 end
  for _ = 1, count do pos = skip(text, pos) end
  return pos, at
end

local function result(record)
  local pos = 3
  for _ = 1, 2 do pos = skip(record, pos) end
  pos = skip(record, pos + 1)
  if string.byte(record, pos) == 0xc0 then return NONE end
  local past, from = skip(record, pos)
  return string.sub(record, from, past - 1)
end

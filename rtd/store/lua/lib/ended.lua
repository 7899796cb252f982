-- ended(record): whether a record says that its run is over. One that another program has written
-- does not.
local function ended(record)
  return string.find(record, '^[sextlc]\147') == 1
end

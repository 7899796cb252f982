-- note: records occurrences that make no run. ARGV: kept, alive_us, then per occurrence: task,
-- due_us, used ('1': the due moment counts as used up), note. A task's moments come in order: the
-- latest is in `last:d`.
--@use occurrence
for at = 3, #ARGV, 4 do
  local task, due = ARGV[at], ARGV[at + 1]
  if string.sub(ARGV[at + 3], 1, 5) == 'owed|' then
    -- Its run is yet to be made; `fire` takes it from here.
    redis.call('HSET', N .. 'owed', task .. '|' .. due, string.match(ARGV[at + 3], '|.*|(.*)$'))
  elseif occurrence(task, due, ARGV[at + 3], tonumber(ARGV[1])) then
    redis.call('HSET', N .. 'last:d', task, due)
    if ARGV[at + 2] == '1' then redis.call('HSET', N .. 'last:u', task, due) end
  end
end
redis.call('SET', N .. 'alive', ARGV[2])
return 1

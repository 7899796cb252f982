-- note: occurrences that make no run. ARGV: kept, alive_us, then per occurrence: task, due_us,
-- used ('1': the due moment counts as used up), note.
--@use occurrence
for at = 3, #ARGV, 4 do
  local task, due = ARGV[at], ARGV[at + 1]
  if occurrence(task, due, ARGV[at + 3], tonumber(ARGV[1])) and ARGV[at + 2] == '1' then
    redis.call('HSET', N .. 'last:u', task, due)
  end
end
redis.call('SET', N .. 'alive', ARGV[2])
return 1

-- reopen: forgets due moments ahead of the clock that were missed: they were passed over while the
-- clock was ahead, and come when it is right. ARGV: now_us, then the tasks. Gives how many.
local count = 0
for i = 2, #ARGV do
  local list, notes = N .. 'occ:' .. ARGV[i], N .. 'note:' .. ARGV[i]
  for _, due in ipairs(redis.call('ZRANGEBYSCORE', list, '(' .. ARGV[1], '+inf')) do
    if string.sub(redis.call('HGET', notes, due) or '', 1, 7) == 'missed|' then
      count = count + redis.call('ZREM', list, due)
      redis.call('HDEL', notes, due)
    end
  end
end
return count

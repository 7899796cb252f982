-- lift: the schedule goes on, whatever halted or paused it. Gives whether it was halted.
redis.call('HSET', N .. 'switches', '*', 1)
return redis.call('DEL', N .. 'halted')

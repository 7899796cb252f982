-- follow: for the next 90 s a client of this node follows the events. ARGV: node.
--@use ring ring_all
redis.call('SET', N .. 'followed', '1', 'EX', 90)
redis.call('DEL', N .. 'listened')
redis.call('SET', N .. 'listening', '1', 'EX', 5)
ring_all('listen|')
return 1

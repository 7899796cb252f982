-- progress: records how far a run is, for the executor that holds it. ARGV: exec, id, blob.
--@use listened publish log task_of result tell_start
local ID = ARGV[2]
if redis.call('HEXISTS', N .. 'lease:' .. ARGV[1], ID) == 0 then return 0 end
redis.call('HSET', N .. 'progress', ID, ARGV[3])

local known = listened()
if known ~= '1' and known ~= '2' then return 1 end
local record = redis.call('GET', N .. 'r:' .. ID)
local task = record and task_of(record) or ''
if task == '' or string.byte(task) == 64 then return 1 end
local done, total, text, at = unpack(cmsgpack.unpack(ARGV[3]), 1, 4)
local attempt = attempt_of(record)
tell_start(ID, task, record, attempt, at)
local data = '{"done":' .. cjson.encode(done) .. ',"total":'
  .. (total and cjson.encode(total) or 'null') .. ',"text":' .. cjson.encode(text) .. '}'
local envelope = envelope_of('progress', data, ID, task, attempt, at)
-- In the stream of the tasks' events, which has a bound of its own.
local id = redis.call('XADD', N .. 'user_events', 'MAXLEN', '~', 10000, '*', 'b', envelope)
if known == '2' then publish(id, envelope, ID, task) end
return 1

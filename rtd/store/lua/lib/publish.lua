-- publish(id, envelope, run, task): sends a JSON object with its id to the channels of a run and
-- of its task. Needs listened.
local function publish(id, envelope, run, task)
  envelope = '{"id":"' .. id .. '",' .. string.sub(envelope, 2)
  redis.call('PUBLISH', N .. 'run:' .. run, envelope)
  redis.call('PUBLISH', N .. 'task:' .. task, envelope)
end

-- Gives the JSON object of an event, `data` as JSON.
local function envelope_of(event, data, run, task, attempt, at)
  return '{"event":' .. cjson.encode(event) .. ',"data":' .. data .. ',"run":' .. cjson.encode(run)
    .. ',"task":' .. cjson.encode(task) .. ',"attempt":'
    .. (attempt and string.format('%d', attempt) or 'null') .. string.format(',"at":%.6f}', at)
end

-- publish_entry(id, blob): publishes the events of an entry of the stream, if anything subscribes.
local function publish_entry(id, blob)
  if listened() ~= '2' then return end
  local ok, events = pcall(cmsgpack.unpack, blob)
  if not ok then return end
  local ends = {s = 'succeeded', e = 'error', x = 'exception', t = 'terminated', l = 'lost',
                c = 'cancelled'}
  for i = 1, #events do
    local at, run, task, what, state, detail, attempt = unpack(events[i], 1, 7)
    local name = what == 'submitted' and 'queued' or what
    if what == 'finished' then name = ends[state] or state end
    local says_nothing = detail == nil or detail == '' or what == 'submitted'
    local data = says_nothing and 'null' or cjson.encode(detail)
    local place = i < #events and id .. ':' .. i or id
    local envelope = envelope_of(name, data, run, task, attempt, at)
    publish(place, envelope, run, task)
  end
end

-- mine: id and record of every run leased to an executor, those on its bell among them: these
-- must not come with its next take, too. ARGV: exec.
--@use records
redis.call('DEL', N .. 'bell:' .. ARGV[1])
local ids = redis.call('HKEYS', N .. 'lease:' .. ARGV[1])
local blobs, out = records(ids), {}
for i = 1, #ids do
  out[#out + 1] = ids[i]
  out[#out + 1] = blobs[i] or ''
end
return out

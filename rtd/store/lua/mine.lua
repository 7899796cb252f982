-- mine: id and record of every run leased to an executor. ARGV: exec.
--@use records
local ids = redis.call('HKEYS', N .. 'lease:' .. ARGV[1])
local blobs, out = records(ids), {}
for i = 1, #ids do
  out[#out + 1] = ids[i]
  out[#out + 1] = blobs[i] or ''
end
return out

-- done: id and record of finished runs, newest first, without those whose record is gone.
-- ARGV: list, offset, limit.
--@use records
local FIRST, LIMIT = tonumber(ARGV[2]), tonumber(ARGV[3])
local ids = redis.call('LRANGE', N .. ARGV[1], FIRST, FIRST + LIMIT - 1)
local blobs, out = records(ids), {}
for i = 1, #ids do
  if blobs[i] then
    out[#out + 1] = ids[i]
    out[#out + 1] = blobs[i]
  end
end
return out

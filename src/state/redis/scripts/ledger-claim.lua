-- Leases what is due: replies the ids, earliest first, and moves each to the end of its lease.
-- Run twice: the second run finds the next ids that are due; those of the first, whose reply was lost, wait for their lease to end.
-- KEYS  agenda
-- ARGV  limit, lease (ms)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])
for _, id in ipairs(ids) do
  redis.call('ZADD', KEYS[1], now + ARGV[2], id)
end
return ids

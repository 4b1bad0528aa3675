-- The ids of all records of a peer that have not expired. Run twice: it changes nothing that another run would miss.
-- KEYS  index
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
return redis.call('ZRANGE', KEYS[1], 0, -1)

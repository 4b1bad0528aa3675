-- Replies how many ids are on the agenda, and for how many milliseconds the earliest has been due. Changes nothing.
-- KEYS  agenda
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return { redis.call('ZCARD', KEYS[1]), first[2] and math.max(0, now - first[2]) or 0 }

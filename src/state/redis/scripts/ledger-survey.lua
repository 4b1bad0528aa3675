-- Replies how many ids are on the agenda, for how many milliseconds the earliest has been due, the ids of all records that have not
-- expired, and of each record named the token of its last write, nil where there is none. Changes nothing.
-- KEYS  agenda, index, record...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
local tokens = {}
for i = 3, #KEYS do
  local stored = redis.call('HMGET', KEYS[i], 'r', 't')
  tokens[i - 2] = stored[1] and stored[2]
end
return {
  redis.call('ZCARD', KEYS[1]),
  first[2] and math.max(0, now - first[2]) or 0,
  redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf'),
  tokens,
}

-- Counts one message (generic cell rate algorithm): replies 0 when it may pass, or by how many milliseconds it is too early.
-- Run twice: the message counts twice.
-- KEYS  until when the party is busy (us by Redis' clock)
-- ARGV  interval (us), tolerance (us)
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local busy = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
local early = busy - now - ARGV[2]
if early > 0 then
  return math.ceil(early / 1000)
end
busy = busy + ARGV[1]
redis.call('SET', KEYS[1], string.format('%.0f', busy), 'PX', math.ceil((busy - now) / 1000) + 1)
return 0

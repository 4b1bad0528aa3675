-- Writes a record if its revision is the expected one, and with it the due time. Replies 1 if written, 0 if somebody else was first.
-- Run twice: the record remembers the token of its last write, so the same write is not taken for somebody else's.
-- KEYS  record, agenda, index
-- ARGV  expected revision, value, keep for (ms), write token, id, due: a delay (ms) | 'not due' | 'unchanged', 'listed' | 'unlisted'
local stored = redis.call('HMGET', KEYS[1], 'r', 't')
if stored[2] == ARGV[4] then return 1 end

local revision = tonumber(stored[1] or 0)
if revision ~= tonumber(ARGV[1]) then return 0 end

redis.call('HSET', KEYS[1], 'r', revision + 1, 'd', ARGV[2], 't', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The index names each listed record until it expires, and lives as long as the last of them.
if ARGV[7] == 'listed' then
  redis.call('ZADD', KEYS[3], now + ARGV[3], ARGV[5])
  if redis.call('PTTL', KEYS[3]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[3], ARGV[3]) end
elseif revision > 0 then
  redis.call('ZREM', KEYS[3], ARGV[5])
end

local due = ARGV[6]
-- A new record has no due time to leave unchanged; what the agenda may hold belongs to one that expired.
if due == 'not due' or (due == 'unchanged' and revision == 0) then
  redis.call('ZREM', KEYS[2], ARGV[5])
elseif due ~= 'unchanged' then
  redis.call('ZADD', KEYS[2], now + due, ARGV[5])
end
return 1

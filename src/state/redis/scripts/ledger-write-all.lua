-- Makes several changes to a peer's records if each still has its expected revision. Replies 1 if made, 0 if somebody else was first.
-- Run twice: every record touched remembers the token, and either all of them were touched or none, so one that has it tells.
-- To remove a record that is not there changes nothing, and is no conflict.
-- KEYS  agenda, index, then the record of each change
-- ARGV  token, then of each change: id, expected revision, 'write' | 'remove', value, keep for (ms), due: a delay (ms) | 'not due' | 'unchanged',
--       'listed' | 'unlisted'
local token = ARGV[1]
local revisions = {}
local conflict = false
for i = 3, #KEYS do
  local at = (i - 3) * 7 + 2
  local stored = redis.call('HMGET', KEYS[i], 'r', 't', 'x')
  if stored[2] == token or stored[3] == token then return 1 end
  revisions[i] = tonumber(stored[1] or 0)
  local absent = revisions[i] == 0
  if revisions[i] ~= tonumber(ARGV[at + 1]) and not (absent and ARGV[at + 2] == 'remove') then conflict = true end
end
if conflict then return 0 end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Removals first, because a full Redis lets a script write once it has freed something.
for i = 3, #KEYS do
  local at = (i - 3) * 7 + 2
  if ARGV[at + 2] == 'remove' and revisions[i] > 0 then
    redis.call('HDEL', KEYS[i], 'r', 'd')
    redis.call('HSET', KEYS[i], 'x', token)
    redis.call('PEXPIRE', KEYS[i], 60000)
    redis.call('ZREM', KEYS[1], ARGV[at])
    redis.call('ZREM', KEYS[2], ARGV[at])
  end
end
for i = 3, #KEYS do
  local at = (i - 3) * 7 + 2
  if ARGV[at + 2] == 'write' then
    local id, keep, due = ARGV[at], ARGV[at + 4], ARGV[at + 5]
    redis.call('HSET', KEYS[i], 'r', revisions[i] + 1, 'd', ARGV[at + 3], 't', token)
    redis.call('PEXPIRE', KEYS[i], keep)
    if ARGV[at + 6] == 'listed' then
      redis.call('ZADD', KEYS[2], now + keep, id)
      if redis.call('PTTL', KEYS[2]) < tonumber(keep) then redis.call('PEXPIRE', KEYS[2], keep) end
    elseif revisions[i] > 0 then
      redis.call('ZREM', KEYS[2], id)
    end
    if due == 'not due' or (due == 'unchanged' and revisions[i] == 0) then
      redis.call('ZREM', KEYS[1], id)
    elseif due ~= 'unchanged' then
      redis.call('ZADD', KEYS[1], now + due, id)
    end
  end
end
return 1

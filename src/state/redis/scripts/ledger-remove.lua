-- Forgets a record and its due time if its revision is the expected one. Replies 1 if it is gone, 0 if somebody else wrote first.
-- Run twice: both tokens stay behind for a minute, longer than anything is sent again, so that neither this removal nor the
-- last write is repeated on a record that was created in between. A record that is not there is gone: 1.
-- KEYS  record, agenda, index
-- ARGV  expected revision, removal token, id
local stored = redis.call('HMGET', KEYS[1], 'r', 'x')
if not stored[1] or stored[2] == ARGV[2] then return 1 end
if stored[1] ~= ARGV[1] then return 0 end

redis.call('HDEL', KEYS[1], 'r', 'd') -- first, because a full Redis lets a script write once it has freed something
redis.call('HSET', KEYS[1], 'x', ARGV[2])
redis.call('PEXPIRE', KEYS[1], 60000)
redis.call('ZREM', KEYS[2], ARGV[3])
redis.call('ZREM', KEYS[3], ARGV[3])
return 1

-- Makes changes to a peer's records if each still has its expected revision. Replies 1 if made, 0 if somebody else was first, and -1 if
-- a member that a change leaves as it is, is not there: nothing is changed then.
-- Run twice: every record touched remembers the token, and either all of them were touched or none, so one that has it tells.
-- To remove a record that is not there changes nothing, and is no conflict.
-- KEYS  agenda, index, then the record of each change
-- ARGV  token, then of each change: id, expected revision, expected token of the last write ('': any), 'write' | 'remove', value, keep for
--       (ms), due: a delay (ms) | 'not due' | 'unchanged', 'listed' | 'unlisted', how many fields are kept apart, and of each of those:
--       its name, 'json' | 'as' | 'none', and its JSON, or the name of the field that has it now
local token = ARGV[1]
local changes = {}
local conflict, missing = false, false
local at = 2
for i = 3, #KEYS do
  local stored = redis.call('HMGET', KEYS[i], 'r', 't', 'x')
  if stored[2] == token or stored[3] == token then return 1 end
  local revision = tonumber(stored[1] or 0)
  local change = { at = at, revision = revision, set = {}, drop = {} }
  local isRemoval = ARGV[at + 3] == 'remove'
  if stored[1] and ARGV[at + 2] ~= '' and stored[2] ~= ARGV[at + 2] then conflict = true end
  if revision ~= tonumber(ARGV[at + 1]) and not (revision == 0 and isRemoval) then conflict = true end
  local fields = tonumber(ARGV[at + 8])
  for field = 0, fields - 1 do
    local name, how, value = ARGV[at + 9 + field * 3], ARGV[at + 10 + field * 3], ARGV[at + 11 + field * 3]
    if how == 'as' then
      local had = redis.call('HMGET', KEYS[i], value)[1]
      if not had then missing = true end
      if name ~= value then how, value = 'json', had end
    end
    if how == 'none' then table.insert(change.drop, name) end
    if how == 'json' then
      table.insert(change.set, name)
      table.insert(change.set, value)
    end
  end
  changes[i] = change
  at = at + 9 + fields * 3
end
if conflict then return 0 end
if missing then return -1 end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Removals first, because a full Redis lets a script write once it has freed something.
for i, change in pairs(changes) do
  if ARGV[change.at + 3] == 'remove' and change.revision > 0 then
    redis.call('HDEL', KEYS[i], 'r', 'd')
    redis.call('HSET', KEYS[i], 'x', token)
    redis.call('PEXPIRE', KEYS[i], 60000)
    redis.call('ZREM', KEYS[1], ARGV[change.at])
    redis.call('ZREM', KEYS[2], ARGV[change.at])
  end
end
for i, change in pairs(changes) do
  at = change.at
  if ARGV[at + 3] == 'write' then
    local id, keep, due = ARGV[at], ARGV[at + 5], ARGV[at + 6]
    redis.call('HSET', KEYS[i], 'r', change.revision + 1, 'd', ARGV[at + 4], 't', token, unpack(change.set))
    if #change.drop > 0 then redis.call('HDEL', KEYS[i], unpack(change.drop)) end
    redis.call('PEXPIRE', KEYS[i], keep)
    if ARGV[at + 7] == 'listed' then
      redis.call('ZADD', KEYS[2], now + keep, id)
      if redis.call('PTTL', KEYS[2]) < tonumber(keep) then redis.call('PEXPIRE', KEYS[2], keep) end
    elseif change.revision > 0 then
      redis.call('ZREM', KEYS[2], id)
    end
    if due == 'not due' or (due == 'unchanged' and change.revision == 0) then
      redis.call('ZREM', KEYS[1], id)
    elseif due ~= 'unchanged' then
      redis.call('ZADD', KEYS[1], now + due, id)
    end
  end
end
return 1

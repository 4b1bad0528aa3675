-- Replies those of the given ids that still have a record, and takes the others off the agenda.
-- Looking and taking off are one step, so a record written meanwhile keeps its due time. Run twice: the same.
-- KEYS  agenda, then the record of each id
-- ARGV  the ids
local kept = {}
for i, id in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[i + 1], 'r') == 1 then
    kept[#kept + 1] = id
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
return kept

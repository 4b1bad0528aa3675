-- Proves that scripts run and that one write can be read back. Run twice: the same.
-- KEYS  a probe of its own
-- ARGV  anything
redis.call('SET', KEYS[1], ARGV[1], 'PX', 10000)
return redis.call('GET', KEYS[1])

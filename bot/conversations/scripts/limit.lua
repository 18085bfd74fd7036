-- Fixed-window rate limit. ARGV: key, allowed, window seconds. Returns 0 when allowed, else seconds to wait.
local n = redis.call('INCR', ARGV[1])
if n == 1 then redis.call('EXPIRE', ARGV[1], ARGV[3]) end
if n <= tonumber(ARGV[2]) then return 0 end
return math.max(1, redis.call('TTL', ARGV[1]))

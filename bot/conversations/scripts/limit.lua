-- Fixed-window rate limit. ARGV: key, allowed, window seconds. Returns 0 when allowed, else seconds to wait.
local n = redis.call('INCR', ARGV[1])
if n == 1 then redis.call('EXPIRE', ARGV[1], ARGV[3]) end
if n <= tonumber(ARGV[2]) then return 0 end
local left = redis.call('TTL', ARGV[1])
if left <= tonumber(ARGV[3]) then return math.max(1, left) end
-- It began before the server's clock was set back, and would last for as long as that: it begins anew.
redis.call('SET', ARGV[1], 1, 'EX', ARGV[3])
return 0

-- A worker that is still busy keeps its lease. ARGV: cid, lease, seconds. Outcomes: ok | lost
local cid = ARGV[1]
if redis.call('HGET', key(cid), 'lease') ~= ARGV[2] then return 'lost' end
redis.call('ZADD', 'fd:leases', stamp(now() + tonumber(ARGV[3])), cid)
return 'ok'

-- Ends a conversation that the bot holds and nobody has touched. ARGV: cid, untouched since, body.
-- Outcomes: busy | ok
local cid = ARGV[1]
local s = redis.call('HMGET', key(cid), 'owner', 'updated', 'work')
if s[1] ~= 'bot' or s[3] or tonumber(s[2]) > tonumber(ARGV[2]) then return 'busy' end
local t = now()
append(cid, ARGV[3], t)
own(cid, 'closed', '', '', t)
redis.call('HSET', key(cid), 'closed_at', stamp(t))
return 'ok'

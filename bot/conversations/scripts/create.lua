-- ARGV: cid, then field/value pairs of the state. The id is random; an id that exists is refused all the same.
local cid = ARGV[1]
if redis.call('EXISTS', key(cid)) == 1 then return 'exists' end
local t = now()
redis.call('HSET', key(cid), 'created', stamp(t), 'epoch', 0, unpack(ARGV, 2))
own(cid, 'bot', '', '', t)
return 'ok'

-- ARGV: cid, 'token', its fingerprint, then further field/value pairs of the state. The id is random; an id that exists
-- is refused all the same, unless it is this very call that came twice. Outcomes: exists | ok
local cid = ARGV[1]
local token = redis.call('HGET', key(cid), 'token')
if token then return token == ARGV[3] and 'ok' or 'exists' end
local t = now()
redis.call('HSET', key(cid), 'created', stamp(t), 'epoch', 0, unpack(ARGV, 2))
own(cid, 'bot', '', '', t)
return 'ok'

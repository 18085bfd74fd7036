-- ARGV: cid, 'token', its fingerprint, digest of an identity token's id ('' for none) and how many seconds that one
-- lives, then further field/value pairs of the state. The id is random; an id that exists is refused all the same,
-- unless it is this very call that came twice. Outcomes: exists | replayed | ok
local cid = ARGV[1]
local token = redis.call('HGET', key(cid), 'token')
if token then return token == ARGV[3] and 'ok' or 'exists' end
if ARGV[4] ~= '' and not redis.call('SET', 'fd:jti:' .. ARGV[4], cid, 'NX', 'EX', ARGV[5]) then return 'replayed' end
local t = now()
redis.call('HSET', key(cid), 'created', stamp(t), 'epoch', 0, ARGV[2], ARGV[3], unpack(ARGV, 6))
own(cid, 'bot', '', '', t)
return 'ok'

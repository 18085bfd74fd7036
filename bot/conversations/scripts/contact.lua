-- Where the customer wants answers sent. ARGV: cid, contact as JSON, body of the internal record.
-- Outcomes: missing | refused (nobody of the staff has or will have it) | same | ok
local cid = ARGV[1]
local s = redis.call('HMGET', key(cid), 'owner', 'contact')
if not s[1] then return 'missing' end
if s[1] ~= 'queue' and s[1] ~= 'agent' then return 'refused' end
if s[2] == ARGV[2] then return 'same' end
local t = now()
local seq = append(cid, ARGV[3], t)
redis.call('HSET', key(cid), 'contact', ARGV[2], 'via', 'mail')
-- What was said so far they have seen or will see there; letters begin from here.
redis.call('ZADD', 'fd:correspondence', 'NX', seq, cid)
tell(cid)
return 'ok'

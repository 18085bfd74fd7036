-- Whether an answer of the bot helped. ARGV: cid, seq of the answer, vote, body. The newest vote counts; the same again
-- is no news.
-- Outcomes: missing | same | ok SEQ
local cid, name = ARGV[1], 'helpful:' .. ARGV[2]
if redis.call('EXISTS', key(cid)) == 0 then return {'missing'} end
if redis.call('HGET', key(cid, 'ids'), name) == ARGV[3] then return {'same'} end
local t = now()
local seq = append(cid, ARGV[4], t)
redis.call('HSET', key(cid, 'ids'), name, ARGV[3])
if redis.call('HGET', key(cid), 'owner') == 'closed' then redis.call('ZADD', 'fd:owned:closed', stamp(t), cid) end
return {'ok', seq}

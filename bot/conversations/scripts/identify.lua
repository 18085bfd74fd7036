-- Says who the customer of a conversation is. ARGV: cid, customer as JSON, their id,
-- digest of the identity token's id, seconds it lives, fingerprint of the conversation's token by which they came ('' for
-- none).
-- Outcomes: missing | replayed | other (it is somebody else's conversation) | ok
local cid = ARGV[1]
local owner = redis.call('HGET', key(cid), 'owner')
if not owner then return 'missing' end
local known = redis.call('HGET', key(cid), 'customer')
local whose = known and cjson.decode(known).id or redis.call('HGET', key(cid), 'was')
if whose and whose ~= ARGV[3] then return 'other' end
-- A token counts once; for the conversation that it was used for it may come again, as after a reload.
if not redis.call('SET', 'fd:jti:' .. ARGV[4], cid, 'NX', 'EX', ARGV[5])
  and redis.call('GET', 'fd:jti:' .. ARGV[4]) ~= cid then return 'replayed' end
-- A closed one that they open again soon is theirs still.
if owner == 'closed' then redis.call('HSET', key(cid), 'introduced', stamp(now())) end
-- It holds for what is said by that token, and by others by which they said so too: a mailed link gives it to anybody.
local proved = redis.call('HGET', key(cid), 'proved') or ''
if not string.find(proved, ARGV[6], 1, true) then redis.call('HSET', key(cid), 'proved', proved .. ' ' .. ARGV[6]) end
if known ~= ARGV[2] then
  redis.call('HSET', key(cid), 'customer', ARGV[2])
  tell(cid)
end
return 'ok'

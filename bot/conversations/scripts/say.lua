-- An agent's message or note. ARGV: cid, agent, id, digest, body, 'owner' when only the owning agent may, then the
-- agents whom a note mentions...
-- Outcomes: missing | stale OWNER AGENT NAME | reused | duplicate SEQ | ok SEQ
local cid, agent, id, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name', 'answered', 'first_reply', 'mentions')
if not s[1] then return {'missing'} end
local seen = known(cid, id, digest)
if seen == -1 then return {'reused'} end
if seen > 0 then return {'duplicate', seen} end
if ARGV[6] == 'owner' and (s[1] ~= 'agent' or s[2] ~= agent) then
  return {'stale', s[1], s[2] or '', s[3] or ''}
end
local t = now()
local seq = append(cid, ARGV[5], t)
remember(cid, id, seq, digest)
if ARGV[6] == 'owner' then
  redis.call('HSET', key(cid), 'spoke', 'agent', 'answered', s[4] or stamp(t), 'first_reply', s[5] or stamp(t))
  redis.call('HDEL', key(cid), 'answer_by')
  redis.call('ZREM', 'fd:answers', cid)
end
local mentioned = s[6] or ''
for i = 7, #ARGV do
  redis.call('ZADD', 'fd:mentions:' .. ARGV[i], stamp(t), cid)
  if not string.find(',' .. mentioned .. ',', ',' .. ARGV[i] .. ',', 1, true) then
    mentioned = mentioned == '' and ARGV[i] or mentioned .. ',' .. ARGV[i]
  end
end
set(cid, 1, {'mentions', mentioned})
if s[1] == 'agent' then redis.call('ZADD', 'fd:owned:agent', stamp(t), cid) end
return {'ok', seq}

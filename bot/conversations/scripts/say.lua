-- An agent's message or note. ARGV: cid, agent, id, digest, body, 'owner' when only the owning agent may.
-- Outcomes: missing | stale OWNER AGENT NAME | reused | duplicate SEQ | ok SEQ
local cid, agent, id, digest = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name')
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
if s[1] == 'agent' then redis.call('ZADD', 'fd:owned:agent', stamp(t), cid) end
return {'ok', seq}

-- A customer's message. ARGV: cid, id, digest, body.
-- Outcomes: missing | reused | duplicate SEQ | ok SEQ OWNER
local cid, id, digest, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('EXISTS', key(cid)) == 0 then return {'missing'} end
local seen = known(cid, id, digest)
if seen == -1 then return {'reused'} end
if seen > 0 then return {'duplicate', seen} end
local t = now()
local owner = redis.call('HGET', key(cid), 'owner')
if owner == 'closed' then
  append(cid, '{"kind":"event","from":"system","event":"reopened"}', t)
  own(cid, 'bot', '', '', t)
  -- It may be another person at this browser by now; who it is has to be proved again.
  redis.call('HDEL', key(cid), 'customer')
  owner = 'bot'
end
local seq = append(cid, body, t)
remember(cid, id, seq, digest)
if owner == 'bot' then
  redis.call('RPUSH', key(cid, 'turns'), seq)
  if not redis.call('HGET', key(cid), 'work') then ring(cid) end
  redis.call('ZADD', 'fd:owned:bot', stamp(t), cid)
elseif owner == 'agent' then
  redis.call('ZADD', 'fd:owned:agent', stamp(t), cid)
end
return {'ok', seq, owner}

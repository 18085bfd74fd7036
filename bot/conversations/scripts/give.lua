-- A change of owner by staff or by a rule of the desk. ARGV: cid, to, agent, name, expected owner ('' any), expected
-- agent ('' any), expected epoch, body of the event record, note body ('' for none), token of this call, conversations
-- that the agent may have ('' any number), field of the state that must be as it was seen ('' none), what it was, then
-- fields and values of the state ('' takes a field away).
-- Outcomes: missing | stale OWNER AGENT NAME EPOCH | full HOW_MANY | ok
local cid, to, agent = ARGV[1], ARGV[2], ARGV[3]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name', 'epoch', 'change', 'spoke')
if not s[1] then return {'missing'} end
-- The client sends a command again when its connection broke: this very change was made already.
if s[5] == ARGV[10] then return {'ok'} end
if (ARGV[5] ~= '' and s[1] ~= ARGV[5]) or (ARGV[6] ~= '' and s[2] ~= ARGV[6]) or s[4] ~= ARGV[7]
  or (ARGV[12] ~= '' and (redis.call('HGET', key(cid), ARGV[12]) or '') ~= ARGV[13]) then
  return {'stale', s[1], s[2] or '', s[3] or '', s[4]}
end
if ARGV[11] ~= '' then
  -- What is snoozed needs nobody now.
  local load = redis.call('ZCOUNT', 'fd:held:' .. agent, 0, 0)
  if load >= tonumber(ARGV[11]) then return {'full', load} end
end
local t = now()
if s[1] == 'bot' then unwork(cid) end
if ARGV[9] ~= '' then append(cid, ARGV[9], t) end
append(cid, ARGV[8], t)
own(cid, to, agent, ARGV[4], t, ARGV, 14)
if to == 'agent' then
  redis.call('HSET', key(cid), 'last_agent', agent)
  redis.call('HDEL', key(cid), 'front', 'back_to', 'passed')
  if s[6] ~= 'agent' then await_answer(cid, t) end
elseif to == 'closed' then
  redis.call('HSET', key(cid), 'closed_at', stamp(t), 'closed_by', s[2])
end
redis.call('HSET', key(cid), 'change', ARGV[10])
return {'ok'}

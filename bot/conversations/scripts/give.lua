-- A change of owner by staff. ARGV: cid, to, agent, name, expected owner ('' any), expected agent ('' any),
-- expected epoch, body of the event record, note body ('' for none), token of this call.
-- Outcomes: missing | stale OWNER AGENT NAME EPOCH | ok
local cid, to = ARGV[1], ARGV[2]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name', 'epoch', 'change')
if not s[1] then return {'missing'} end
-- The client sends a command again when its connection broke: this very change was made already.
if s[5] == ARGV[10] then return {'ok'} end
if (ARGV[5] ~= '' and s[1] ~= ARGV[5]) or (ARGV[6] ~= '' and s[2] ~= ARGV[6]) or s[4] ~= ARGV[7] then
  return {'stale', s[1], s[2] or '', s[3] or '', s[4]}
end
local t = now()
if s[1] == 'bot' then unwork(cid) end
if ARGV[9] ~= '' then append(cid, ARGV[9], t) end
append(cid, ARGV[8], t)
own(cid, to, ARGV[3], ARGV[4], t)
redis.call('HSET', key(cid), 'change', ARGV[10])
return {'ok'}

-- A change of owner by staff. ARGV: cid, to, agent, name, expected owner ('' any), expected agent ('' any),
-- expected epoch ('' any), body of the event record, note body ('' for none).
-- Outcomes: missing | stale OWNER AGENT NAME | ok EPOCH SEQ
local cid, to = ARGV[1], ARGV[2]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name', 'epoch')
if not s[1] then return {'missing'} end
if (ARGV[5] ~= '' and s[1] ~= ARGV[5]) or (ARGV[6] ~= '' and s[2] ~= ARGV[6]) or (ARGV[7] ~= '' and s[4] ~= ARGV[7]) then
  return {'stale', s[1], s[2] or '', s[3] or ''}
end
local t = now()
if s[1] == 'bot' then unwork(cid) end
if ARGV[9] ~= '' then append(cid, ARGV[9], t) end
local seq = append(cid, ARGV[8], t)
own(cid, to, ARGV[3], ARGV[4], t)
return {'ok', redis.call('HGET', key(cid), 'epoch'), seq}

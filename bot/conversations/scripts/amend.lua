-- An agent changes or takes back a message of their own; the log only grows. ARGV: cid, agent, seq, seconds in which it
-- may be done, token of this call, body of the record.
-- Outcomes: missing | stale OWNER AGENT NAME | none (no message of theirs) | late | ok SEQ
local cid, agent = ARGV[1], ARGV[2]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name')
if not s[1] then return {'missing'} end
local seen = known(cid, ARGV[5], '')
if seen > 0 then return {'ok', seen} end
if s[1] ~= 'agent' or s[2] ~= agent then return {'stale', s[1], s[2] or '', s[3] or ''} end
local raw = redis.call('LINDEX', key(cid, 'log'), tonumber(ARGV[3]) - 1)
local record = raw and cjson.decode(raw)
if not record or record.kind ~= 'message' or record.from ~= 'agent' or record.by.id ~= agent then return {'none'} end
local t = now()
if t - record.at > tonumber(ARGV[4]) then return {'late'} end
local seq = append(cid, ARGV[6], t)
remember(cid, ARGV[5], seq, '')
tell(cid)
return {'ok', seq}

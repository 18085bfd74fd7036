-- Two conversations of one customer become one: the first closes and points to the second, a record in each says so.
-- ARGV: first cid, second cid, agent, expected epoch of the first, token of this call, record for the first, closing
-- record, record for the second. The agent has the first; the second is theirs too, or of the same verified customer.
-- Outcomes: missing CID | stale OWNER AGENT NAME EPOCH | shut (the second is closed) | other (neither theirs nor of the
-- same customer) | ok
local one, two, agent = ARGV[1], ARGV[2], ARGV[3]
local s = redis.call('HMGET', key(one), 'owner', 'agent', 'agent_name', 'epoch', 'customer', 'change')
local into = redis.call('HMGET', key(two), 'owner', 'agent', 'customer')
if not s[1] then return {'missing', one} end
if not into[1] then return {'missing', two} end
if s[6] == ARGV[5] then return {'ok'} end
if s[1] ~= 'agent' or s[2] ~= agent or s[4] ~= ARGV[4] then return {'stale', s[1], s[2] or '', s[3] or '', s[4]} end
if into[1] == 'closed' then return {'shut'} end
local same = s[5] and into[3] and cjson.decode(s[5]).id == cjson.decode(into[3]).id
if not same and not (into[1] == 'agent' and into[2] == agent) then return {'other'} end
local t = now()
append(two, ARGV[8], t)
append(one, ARGV[6], t)
append(one, ARGV[7], t)
own(one, 'closed', '', '', t)
redis.call('HSET', key(one), 'outcome', 'duplicate', 'merged_into', two, 'closed_at', stamp(t), 'closed_by', agent,
  'change', ARGV[5])
tell(two)
return {'ok'}

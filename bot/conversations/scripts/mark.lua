-- A change of the state that leaves the owner: team by routing, priority, sleep. ARGV: cid, expected epoch ('' any),
-- expected agent ('' any), token of this call, field of the state that must be as it was seen ('' none), what it was,
-- body of a record ('' for none), then fields and values of the state ('' takes a field away).
-- Outcomes: missing | stale OWNER AGENT NAME EPOCH | ok
local cid = ARGV[1]
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'agent_name', 'epoch', 'mark')
if not s[1] then return {'missing'} end
if s[5] == ARGV[4] then return {'ok'} end
if s[1] == 'closed' or (ARGV[2] ~= '' and s[4] ~= ARGV[2]) or (ARGV[3] ~= '' and (s[1] ~= 'agent' or s[2] ~= ARGV[3]))
  or (ARGV[5] ~= '' and (redis.call('HGET', key(cid), ARGV[5]) or '') ~= ARGV[6]) then
  return {'stale', s[1], s[2] or '', s[3] or '', s[4]}
end
local t = now()
if ARGV[7] ~= '' then append(cid, ARGV[7], t) end
local order = redis.call('ZSCORE', 'fd:owned:' .. s[1], cid)
unlist(cid)
set(cid, 8, ARGV)
enlist(cid)
-- Nobody said anything: among those that are listed by what was said last it keeps its place.
if s[1] ~= 'queue' then redis.call('ZADD', 'fd:owned:' .. s[1], order, cid) end
if s[1] == 'agent' and redis.call('HGET', key(cid), 'spoke') ~= 'agent'
  and not redis.call('HGET', key(cid), 'snoozed') then await_answer(cid, t) end
redis.call('HSET', key(cid), 'mark', ARGV[4])
tell(cid)
return {'ok'}

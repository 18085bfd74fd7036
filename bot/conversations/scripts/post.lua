-- A customer's message. ARGV: cid, id, digest, body, seconds after its closing in which a conversation that an agent
-- closed comes back to people, the language of the page that the customer is on (empty where it is not told), fingerprint
-- of the token by which they came ('' for none).
-- Outcomes: missing | reused | duplicate SEQ | ok SEQ OWNER
local cid, id, digest, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if redis.call('EXISTS', key(cid)) == 0 then return {'missing'} end
local seen = known(cid, id, digest)
if seen == -1 then return {'reused'} end
if seen > 0 then return {'duplicate', seen} end
local t = now()
local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'closed_by', 'closed_at', 'outcome', 'merged_into', 'last_agent',
  'introduced')
local owner, introduced = s[1], s[8]
if owner == 'closed' then
  -- No time is none: closed_at is rounded, and may be a moment ahead of now; or far, where the clock was set back.
  local within = tonumber(ARGV[5])
  local people = s[3] and s[5] ~= 'spam' and within > 0 and t - tonumber(s[4]) < within
  append(cid, '{"kind":"event","from":"system","event":"reopened","to":"' .. (people and 'queue' or 'bot') .. '"}', t)
  owner = people and 'queue' or 'bot'
  -- Whoever the customer spoke with, or who has the conversation that this one became part of.
  local knows = s[7] or s[3]
  if s[6] then
    local into = redis.call('HMGET', key(s[6]), 'owner', 'agent')
    if into[1] == 'agent' then knows = into[2] end
  end
  afresh(cid, owner, t)
  own(cid, owner, '', '', t, {'back_to', people and knows or ''}, 1)
  -- It may be another person at this browser by now: who it is has to be proved again, unless that was just done.
  if not introduced or t - tonumber(introduced) > tonumber(INTRODUCED) then disown(cid) end
end
-- Nor does it prove anything of whoever came by a mailed link that the customer was introduced in another browser.
local proved = redis.call('HGET', key(cid), 'proved')
if proved and not string.find(proved, ARGV[7], 1, true) and disown(cid) then tell(cid) end
local seq = append(cid, body, t)
remember(cid, id, seq, digest)
redis.call('HSET', key(cid), 'spoke', 'customer')
if ARGV[6] ~= '' then redis.call('HSET', key(cid), 'locale', ARGV[6]) end
if owner == 'bot' then
  redis.call('RPUSH', key(cid, 'turns'), seq)
  if not redis.call('HGET', key(cid), 'work') then ring(cid) end
  redis.call('ZADD', 'fd:owned:bot', stamp(t), cid)
elseif owner == 'agent' then
  if redis.call('HGET', key(cid), 'snoozed') then
    wake(cid, s[2])
    tell(cid)
  end
  await_answer(cid, t)
  redis.call('ZADD', 'fd:owned:agent', stamp(t), cid)
end
return {'ok', seq, owner}

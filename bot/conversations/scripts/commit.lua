-- One bot turn, whole or not at all. ARGV: cid, lease, epoch, turns answered, heard, slots, handoff team ('' for
-- none), why, packet, handoff event body, customer before, customer after ('' as before), number of replies,
-- replies..., tracker events...
-- Outcomes: ok SEQ (last reply) | lost (another worker has it) | stale (it is no longer the bot's) | changed (somebody
-- signed in meanwhile) | other (who proved in it who they are is not whose the conversation is)
local cid, lease, epoch = ARGV[1], ARGV[2], ARGV[3]
if redis.call('HGET', key(cid), 'lease') ~= lease then
  -- The client sends a command again when its connection broke: this very turn is kept already.
  local last = redis.call('HMGET', key(cid), 'committed', 'committed_seq')
  if last[1] == lease then return {'ok', tonumber(last[2])} end
  return {'lost'}
end
local state = redis.call('HMGET', key(cid), 'owner', 'epoch')
if state[1] ~= 'bot' or state[2] ~= epoch then
  unwork(cid)
  return {'stale'}
end
if (redis.call('HGET', key(cid), 'customer') or '') ~= ARGV[11] then
  -- What was worked out for one person is not said to another: the turn is done again, for who it is now.
  redis.call('ZREM', 'fd:leases', cid)
  redis.call('HDEL', key(cid), 'lease')
  redis.call('HINCRBY', key(cid), 'attempts', -1)
  ring(cid)
  return {'changed'}
end
if ARGV[12] ~= '' then
  local whose = ARGV[11] ~= '' and cjson.decode(ARGV[11]).id or redis.call('HGET', key(cid), 'was')
  if whose and whose ~= cjson.decode(ARGV[12]).id then return {'other'} end
end
local t = now()
local answered, replies = tonumber(ARGV[4]), tonumber(ARGV[13])
local seq = 0
for i = 14, 13 + replies do seq = append(cid, ARGV[i], t) end
local rest = #ARGV - 13 - replies
if ARGV[12] ~= '' then redis.call('HSET', key(cid), 'customer', ARGV[12]) end
if rest > 0 then
  redis.call('RPUSH', key(cid, 'tracker'), unpack(ARGV, 14 + replies))
  redis.call('LTRIM', key(cid, 'tracker'), -tonumber(TRACKER_EVENTS), -1)
end
redis.call('SET', key(cid, 'slots'), ARGV[6])
redis.call('HINCRBY', key(cid), 'commits', 1)
redis.call('LTRIM', key(cid, 'turns'), answered, -1)
redis.call('ZREM', 'fd:leases', cid)
redis.call('HDEL', key(cid), 'lease', 'work', 'attempts', 'taken')
if ARGV[7] ~= '' then
  -- Messages that came in while the bot decided are the queue's now: they are in the log, the agent reads them.
  unwork(cid)
  redis.call('SET', key(cid, 'packet'), ARGV[9])
  redis.call('HSET', key(cid), 'team', ARGV[7], 'why', ARGV[8])
  afresh(cid, 'queue', t)
  seq = append(cid, ARGV[10], t)
  own(cid, 'queue', '', '', t)
elseif redis.call('LLEN', key(cid, 'turns')) > 0 then
  ring(cid)
end
-- What the bot's tracker knows ends before the first message that it has not answered.
redis.call('HSET', key(cid), 'heard', ARGV[5], 'committed', lease, 'committed_seq', seq)
return {'ok', seq}

-- A worker takes one conversation with all its waiting turns. ARGV: lease token, seconds.
-- Outcomes: nothing | CID, epoch, commits, attempts, customer, id of the customer whose it stays until they prove it
-- again, locale, number of turns taken, turns, log
local lease, seconds = ARGV[1], tonumber(ARGV[2])
local t = now()
-- Leases that ran out go back first: their worker died or hangs, and its commit will be refused. So do those of a
-- time further ahead than any lease is given for: this server's clock was set back, and nobody should wait for it.
local function put_back(from, to)
  for _, cid in ipairs(redis.call('ZRANGEBYSCORE', 'fd:leases', from, to, 'LIMIT', 0, 16)) do
    redis.call('ZREM', 'fd:leases', cid)
    redis.call('HDEL', key(cid), 'lease')
    redis.call('HSET', key(cid), 'work', 'ready')
    redis.call('LPUSH', 'fd:ready', cid)
  end
end
put_back('-inf', stamp(t))
put_back('(' .. stamp(t + tonumber(LONGEST_LEASE)), '+inf')
local function taken(cid, count, attempts)
  local turns = redis.call('LRANGE', key(cid, 'turns'), 0, -1)
  local state = redis.call('HMGET', key(cid), 'epoch', 'commits', 'heard', 'customer', 'was', 'locale')
  local log = redis.call('LRANGE', key(cid, 'log'), tonumber(state[3] or 0), -1)
  return {cid, state[1], state[2] or '0', attempts, state[4] or '', state[5] or '', state[6] or '', count, turns, log}
end
-- How many of the waiting messages are one turn: what is written in a burst is, a pressed button is one by itself, since
-- it stands for something else than its words.
local function one_turn(cid)
  local turns = redis.call('LRANGE', key(cid, 'turns'), 0, -1)
  for place, seq in ipairs(turns) do
    local record = redis.call('LINDEX', key(cid, 'log'), tonumber(seq) - 1)
    if cjson.decode(record).payload then return math.max(place - 1, 1) end
  end
  return #turns
end
-- The client sends a command again when its connection broke: what was taken under this lease is taken already.
for _, cid in ipairs(redis.call('ZRANGE', 'fd:leases', 0, -1)) do
  local s = redis.call('HMGET', key(cid), 'lease', 'taken', 'attempts')
  if s[1] == lease then return taken(cid, tonumber(s[2]), tonumber(s[3])) end
end
while true do
  local cid = redis.call('LPOP', 'fd:ready')
  if not cid then return {} end
  if redis.call('LLEN', key(cid, 'turns')) == 0 then
    redis.call('HDEL', key(cid), 'work')
  else
    -- What was taken before is taken again as it was. Its side effects bear the turn's id as their key: a message that
    -- came since would make it another turn, whose side effects nobody could tell from new ones.
    local count = tonumber(redis.call('HGET', key(cid), 'taken') or one_turn(cid))
    redis.call('HSET', key(cid), 'work', 'leased', 'lease', lease, 'taken', count)
    redis.call('ZADD', 'fd:leases', stamp(t + seconds), cid)
    redis.call('PUBLISH', 'fd:live',
      '{"type":"typing","conversation":"' .. cid .. '","from":"bot","name":"","typing":true}')
    -- Counted here and not by the worker: a message that kills its worker must not go round for ever either.
    return taken(cid, count, redis.call('HINCRBY', key(cid), 'attempts', 1))
  end
end

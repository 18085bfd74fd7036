-- A worker takes one conversation with all its waiting turns. ARGV: lease token, seconds.
-- Outcomes: nothing | CID, epoch, commits, attempts, turns, log
local lease, seconds = ARGV[1], tonumber(ARGV[2])
local t = now()
-- Leases that ran out go back first: their worker died or hangs, and its commit will be refused.
for _, cid in ipairs(redis.call('ZRANGEBYSCORE', 'fd:leases', '-inf', stamp(t), 'LIMIT', 0, 16)) do
  redis.call('ZREM', 'fd:leases', cid)
  redis.call('HDEL', key(cid), 'lease')
  redis.call('HSET', key(cid), 'work', 'ready')
  redis.call('LPUSH', 'fd:ready', cid)
end
while true do
  local cid = redis.call('LPOP', 'fd:ready')
  if not cid then return {} end
  local turns = redis.call('LRANGE', key(cid, 'turns'), 0, -1)
  if #turns == 0 then
    redis.call('HDEL', key(cid), 'work')
  else
    redis.call('HSET', key(cid), 'work', 'leased', 'lease', lease)
    redis.call('ZADD', 'fd:leases', stamp(t + seconds), cid)
    redis.call('PUBLISH', 'fd:live',
      '{"type":"typing","conversation":"' .. cid .. '","from":"bot","name":"","typing":true}')
    local state = redis.call('HMGET', key(cid), 'epoch', 'commits', 'heard')
    local heard = tonumber(state[3] or 0)
    local log = redis.call('LRANGE', key(cid, 'log'), heard, -1)
    -- Counted here and not by the worker: a message that kills its worker must not go round for ever either.
    local attempts = redis.call('HINCRBY', key(cid), 'attempts', 1)
    return {cid, state[1], state[2] or '0', attempts, turns, log}
  end
end

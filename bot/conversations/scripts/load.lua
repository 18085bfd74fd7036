-- Puts a conversation in as dump gave it. ARGV: cid, number of parts, and of each: part, type, number of values,
-- values... What points to it is made anew from its state. Outcomes: exists | ok
local cid = ARGV[1]
if redis.call('EXISTS', key(cid)) == 1 then return 'exists' end
local at = 3
for _ = 1, tonumber(ARGV[2]) do
  local k = ARGV[at] == '' and key(cid) or key(cid, ARGV[at])
  local kind, last = ARGV[at + 1], at + 2 + tonumber(ARGV[at + 2])
  if kind == 'hash' then
    for i = at + 3, last, 2 do redis.call('HSET', k, ARGV[i], ARGV[i + 1]) end
  elseif kind == 'list' then
    for i = at + 3, last do redis.call('RPUSH', k, ARGV[i]) end
  else
    redis.call('SET', k, ARGV[at + 3])
  end
  at = last + 1
end
-- Whoever worked on it is far away. Its turn stays the turn it was: how often and with what it was taken is kept.
redis.call('HDEL', key(cid), 'work', 'lease')
enlist(cid)
local owner = redis.call('HGET', key(cid), 'owner')
if owner == 'bot' and redis.call('LLEN', key(cid, 'turns')) > 0 then ring(cid) end
for agent in string.gmatch(redis.call('HGET', key(cid), 'mentions') or '', '[%w_-]+') do
  redis.call('ZADD', 'fd:mentions:' .. agent, redis.call('HGET', key(cid), 'updated'), cid)
end
-- Who left an address is answered there, from where they left it; a backup that knows better says so afterwards.
if redis.call('HEXISTS', key(cid), 'contact') == 1 then
  local records, from = redis.call('LRANGE', key(cid, 'log'), 0, -1), 0
  for seq, record in ipairs(records) do
    if string.find(record, '"contact"', 1, true) and cjson.decode(record).event == 'contact' then from = seq end
  end
  redis.call('ZADD', 'fd:correspondence', 'NX', from, cid)
end
return 'ok'

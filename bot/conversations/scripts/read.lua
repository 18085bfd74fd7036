-- An agent has seen a conversation in which they were mentioned. ARGV: cid, agent. Outcomes: none | ok
local cid, agent = ARGV[1], ARGV[2]
local at = redis.call('ZSCORE', 'fd:mentions:' .. agent, cid)
if not at or tonumber(at) < 0 then return 'none' end
-- Below zero is read, so that one set tells both.
redis.call('ZADD', 'fd:mentions:' .. agent, -tonumber(at), cid)
local left = {}
for id in string.gmatch(redis.call('HGET', key(cid), 'mentions') or '', '[^,]+') do
  if id ~= agent then table.insert(left, id) end
end
if redis.call('EXISTS', key(cid)) == 1 then
  set(cid, 1, {'mentions', table.concat(left, ',')})
  tell(cid)
end
return 'ok'

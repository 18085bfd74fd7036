-- Forgets a closed conversation that is archived up to its end. ARGV: cid, archived seq. Outcomes: changed | ok
local cid = ARGV[1]
if redis.call('HGET', key(cid), 'owner') ~= 'closed' or redis.call('LLEN', key(cid, 'log')) ~= tonumber(ARGV[2]) then
  return 'changed'
end
unlist(cid)
-- Also where it was read long ago: nothing but the log still knows whom its notes mention.
for _, raw in ipairs(redis.call('LRANGE', key(cid, 'log'), 0, -1)) do
  if string.find(raw, '"mentions":', 1, true) then
    for _, agent in ipairs(cjson.decode(raw).mentions or {}) do redis.call('ZREM', 'fd:mentions:' .. agent, cid) end
  end
end
redis.call('DEL', key(cid), key(cid, 'log'), key(cid, 'ids'), key(cid, 'turns'), key(cid, 'tracker'),
  key(cid, 'slots'), key(cid, 'packet'))
return 'ok'

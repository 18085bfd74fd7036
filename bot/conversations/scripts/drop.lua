-- Forgets a closed conversation that is archived up to its end. ARGV: cid, archived seq. Outcomes: changed | ok
local cid = ARGV[1]
if redis.call('HGET', key(cid), 'owner') ~= 'closed' or redis.call('LLEN', key(cid, 'log')) ~= tonumber(ARGV[2]) then
  return 'changed'
end
unlist(cid)
redis.call('DEL', key(cid), key(cid, 'log'), key(cid, 'ids'), key(cid, 'turns'), key(cid, 'tracker'),
  key(cid, 'slots'), key(cid, 'packet'))
return 'ok'

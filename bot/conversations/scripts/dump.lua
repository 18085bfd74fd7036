-- Everything of one conversation, as it is at one moment. ARGV: cid, names of its parts... Outcomes: nothing where there
-- is no such conversation | a list of {part, type, {values...}}
local cid = ARGV[1]
if redis.call('EXISTS', key(cid)) == 0 then return {} end
local found = {}
for i = 2, #ARGV do
  local k = ARGV[i] == '' and key(cid) or key(cid, ARGV[i])
  local kind = redis.call('TYPE', k).ok
  if kind == 'hash' then
    table.insert(found, {ARGV[i], kind, redis.call('HGETALL', k)})
  elseif kind == 'list' then
    table.insert(found, {ARGV[i], kind, redis.call('LRANGE', k, 0, -1)})
  elseif kind == 'string' then
    table.insert(found, {ARGV[i], kind, {redis.call('GET', k)}})
  end
end
return found

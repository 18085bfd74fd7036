-- Puts tags on a conversation and takes others off. ARGV: cid, token of this call, most that it may have, body of the
-- record, number of tags to add, tags to add..., tags to remove...
-- Outcomes: missing | many | ok
local cid, count = ARGV[1], tonumber(ARGV[5])
local s = redis.call('HMGET', key(cid), 'owner', 'tags', 'mark')
if not s[1] then return {'missing'} end
if s[3] == ARGV[2] then return {'ok'} end
local gone, tags, has = {}, {}, {}
for i = 6 + count, #ARGV do gone[ARGV[i]] = true end
for _, tag in ipairs(s[2] and cjson.decode(s[2]) or {}) do
  if not gone[tag] and not has[tag] then table.insert(tags, tag); has[tag] = true end
end
for i = 6, 5 + count do
  if not has[ARGV[i]] then table.insert(tags, ARGV[i]); has[ARGV[i]] = true end
end
if #tags > tonumber(ARGV[3]) then return {'many'} end
append(cid, ARGV[4], now())
if #tags == 0 then
  redis.call('HDEL', key(cid), 'tags')
else
  redis.call('HSET', key(cid), 'tags', cjson.encode(tags))
end
redis.call('HSET', key(cid), 'mark', ARGV[2])
tell(cid)
return {'ok'}

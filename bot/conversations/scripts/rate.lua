-- A customer's rating of a conversation that staff closed. ARGV: cid, rating as JSON without its last brace, seconds in
-- which it may be changed.
-- Outcomes: missing | open (there is no closing to rate) | rated (too long ago to change it) | same | ok SEQ
local cid, body = ARGV[1], ARGV[2]
local s = redis.call('HMGET', key(cid), 'owner', 'rating')
if not s[1] then return {'missing'} end
if s[1] ~= 'closed' then return {'open'} end
-- After the closing come at most notes, ratings and votes.
local closing, n = nil, redis.call('LLEN', key(cid, 'log'))
for seq = n, math.max(1, n - 200), -1 do
  local record = redis.call('LINDEX', key(cid, 'log'), seq - 1)
  if string.find(record, '"event":"closed"', 1, true) then
    if not string.find(record, '"outcome":"idle"', 1, true) then closing = seq end
    break
  end
end
if not closing then return {'open'} end
local t = now()
local first = stamp(t)
if s[2] then
  local before = cjson.decode(s[2])
  if before.of == closing then
    if t - before.at > tonumber(ARGV[3]) then return {'rated'} end
    -- The client sends a command again when its connection broke.
    if string.sub(s[2], 1, #body) == body then return {'same'} end
    first = stamp(before.at)
  end
end
local tail = ',"of":' .. closing
redis.call('HSET', key(cid), 'rating', body .. tail .. ',"at":' .. first .. '}')
local seq = append(cid, '{"kind":"internal","from":"customer","event":"rated",' .. string.sub(body, 2) .. tail .. '}', t)
-- The archive copies what was closed lately anew, and this with it.
redis.call('ZADD', 'fd:owned:closed', stamp(t), cid)
tell(cid)
return {'ok', seq}

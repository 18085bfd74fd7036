-- What the wall's figures are made of: here and not at a desk, since most of a day's thousands never came to people.
-- ARGV: owner, since when something was said or done in it, how many to pass over, how many to look at.
-- Returns how many it looked at, then of each that came to people: handed, first reply, closed at, rating (JSON).
local found = redis.call('ZRANGEBYSCORE', 'fd:owned:' .. ARGV[1], ARGV[2], '+inf', 'LIMIT', ARGV[3], ARGV[4])
local told = {#found}
for _, cid in ipairs(found) do
  local s = redis.call('HMGET', key(cid), 'handed', 'first_reply', 'closed_at', 'rating')
  if s[1] then table.insert(told, {s[1], s[2] or '', s[3] or '', s[4] or ''}) end
end
return told

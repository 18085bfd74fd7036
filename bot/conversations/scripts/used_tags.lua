-- The tags of what people have and of what was closed last, as JSON lists. Each console asks for them whenever somebody
-- comes or goes, so no conversation leaves the store for it. ARGV: how many of the closed ones.
local told = {}
for owner, last in pairs({queue = -1, agent = -1, closed = ARGV[1] - 1}) do
  for _, cid in ipairs(redis.call('ZREVRANGE', 'fd:owned:' .. owner, 0, last)) do
    local tags = redis.call('HGET', key(cid), 'tags')
    if tags then table.insert(told, tags) end
  end
end
return told

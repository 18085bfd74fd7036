-- Changes a mailed code for a token. ARGV: key of the code, SHA-256 of the new token, conversation that the caller can
-- open already ('' for none), seconds that a code is valid, how long it is remembered, most further tokens.
-- Outcomes: gone (no such code, or its conversation is no more) | used CID (before, or too old) | here CID | ok CID
local k = ARGV[1]
local s = redis.call('HMGET', k, 'conversation', 'used_by')
if not s[1] or redis.call('EXISTS', key(s[1])) == 0 then return {'gone'} end
local cid = s[1]
if ARGV[3] == cid then return {'here', cid} end
-- The client sends a command again when its connection broke.
if s[2] == ARGV[2] then return {'ok', cid} end
if s[2] or redis.call('TTL', k) < tonumber(ARGV[5]) - tonumber(ARGV[4]) then return {'used', cid} end
redis.call('HSET', k, 'used_by', ARGV[2])
local kept = {ARGV[2]}
for mark in string.gmatch(redis.call('HGET', key(cid), 'tokens') or '', '%S+') do
  if #kept < tonumber(ARGV[6]) then table.insert(kept, mark) end
end
redis.call('HSET', key(cid), 'tokens', table.concat(kept, ' '))
-- Whoever reads the mailbox has proved nothing: the address is what somebody typed, and mails are passed on.
if disown(cid) then tell(cid) end
return {'ok', cid}

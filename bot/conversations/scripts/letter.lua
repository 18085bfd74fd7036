-- Where the letter ends that begins with this message: as who mails it first has it, so that all desks mail the same and
-- none takes for mailed what was said since. ARGV: cid, seq of its first message, of its last.
-- Outcomes: 0 (missing) | seq of its last
local cid, first = ARGV[1], 'letter:' .. ARGV[2]
if redis.call('EXISTS', key(cid)) == 0 then return 0 end
redis.call('HSETNX', key(cid, 'ids'), first, ARGV[3])
return tonumber(redis.call('HGET', key(cid, 'ids'), first))

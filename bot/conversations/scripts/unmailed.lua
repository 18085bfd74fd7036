-- Tells the staff that an answer could not be mailed. ARGV: cid, id of what is told, body of the record.
-- Outcomes: missing | ok
local cid, id = ARGV[1], ARGV[2]
if redis.call('EXISTS', key(cid)) == 0 then return 'missing' end
if known(cid, id, '') == 0 then remember(cid, id, append(cid, ARGV[3], now()), '') end
return 'ok'

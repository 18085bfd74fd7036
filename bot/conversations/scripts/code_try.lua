-- One try at a code. ARGV: key, turn, digest of what was typed, tries allowed.
-- A turn that is done again has the outcome it had. Outcomes: none (sent, expired, used or tried too often) |
-- wrong LEFT | ok CUSTOMER
local kept = redis.call('HMGET', ARGV[1], 'digest', 'customer', 'tries', 'used_by', 'tried_by')
if not kept[1] then return {'none'} end
if kept[4] then
  if kept[4] == ARGV[2] then return {'ok', kept[2]} end
  return {'none'}
end
local tries, allowed = tonumber(kept[3]), tonumber(ARGV[4])
if kept[5] ~= ARGV[2] then
  if tries >= allowed then return {'none'} end
  tries = tries + 1
  redis.call('HSET', ARGV[1], 'tries', tries, 'tried_by', ARGV[2])
end
if kept[1] == ARGV[3] and kept[2] ~= '' then
  redis.call('HSET', ARGV[1], 'used_by', ARGV[2])
  return {'ok', kept[2]}
end
return {'wrong', allowed - tries}

-- Keeps a one-time code for a conversation, in place of one before. ARGV: key, turn, digest, customer as JSON ('' where
-- there is nobody), seconds it lives. The same turn twice is one code. Outcome: ok
if redis.call('HGET', ARGV[1], 'sent_by') ~= ARGV[2] then
  redis.call('DEL', ARGV[1])
  redis.call('HSET', ARGV[1], 'sent_by', ARGV[2], 'digest', ARGV[3], 'customer', ARGV[4], 'tries', 0)
  redis.call('EXPIRE', ARGV[1], ARGV[5])
end
return 'ok'

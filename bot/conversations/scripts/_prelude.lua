-- Shared by every script: the time, appending to a log, moving between owners, telling the desks.
-- Scripts run alone, so what one script does nobody sees half done.

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1e6
end

local function stamp(t) return string.format('%.3f', t) end

local function key(cid, part)
  if part then return 'fd:c:' .. cid .. ':' .. part end
  return 'fd:c:' .. cid
end

-- Record bodies arrive as JSON objects; seq and time are spliced in front, because decoding and encoding again would
-- turn empty lists into objects and round numbers.
local function append(cid, body, t)
  local seq = redis.call('LLEN', key(cid, 'log')) + 1
  local record = '{"seq":' .. seq .. ',"at":' .. stamp(t) .. ',' .. string.sub(body, 2)
  redis.call('RPUSH', key(cid, 'log'), record)
  redis.call('HSET', key(cid), 'updated', stamp(t))
  redis.call('PUBLISH', 'fd:live', '{"type":"record","conversation":"' .. cid .. '","record":' .. record .. '}')
  return seq
end

local function tell(cid)
  redis.call('PUBLISH', 'fd:live', '{"type":"state","conversation":"' .. cid .. '"}')
end

-- One owner at a time: a conversation stands in exactly one of the owned sets, and its epoch grows at each change.
local function own(cid, owner, agent, name, t)
  local old = redis.call('HGET', key(cid), 'owner')
  if old then redis.call('ZREM', 'fd:owned:' .. old, cid) end
  local order = t
  if owner == 'queue' then
    -- Who waited before keeps the place: a conversation given back goes to the front.
    order = tonumber(redis.call('HGET', key(cid), 'waiting_since') or t)
    redis.call('HSET', key(cid), 'waiting_since', stamp(order))
  elseif owner ~= 'agent' then
    redis.call('HDEL', key(cid), 'waiting_since')
  end
  redis.call('ZADD', 'fd:owned:' .. owner, stamp(order), cid)
  redis.call('HSET', key(cid), 'owner', owner, 'agent', agent, 'agent_name', name, 'updated', stamp(t))
  redis.call('HINCRBY', key(cid), 'epoch', 1)
  tell(cid)
end

local function ring(cid)
  redis.call('HSET', key(cid), 'work', 'ready')
  redis.call('RPUSH', 'fd:ready', cid)
  redis.call('LPUSH', 'fd:bell', '1')
  redis.call('LTRIM', 'fd:bell', 0, tonumber(BELL_TOKENS) - 1)
end

-- Takes the bot's work away, whoever holds it: its later commit finds no lease and is refused.
local function unwork(cid)
  redis.call('DEL', key(cid, 'turns'))
  redis.call('HDEL', key(cid), 'work', 'lease', 'attempts', 'taken')
  redis.call('ZREM', 'fd:leases', cid)
  redis.call('LREM', 'fd:ready', 0, cid)
end

-- Returns seq of a message known by this id, or 0; or -1 when the id was used for something else.
local function known(cid, id, digest)
  local seen = redis.call('HGET', key(cid, 'ids'), id)
  if not seen then return 0 end
  local space = string.find(seen, ' ')
  if string.sub(seen, space + 1) ~= digest then return -1 end
  return tonumber(string.sub(seen, 1, space - 1))
end

local function remember(cid, id, seq, digest)
  redis.call('HSET', key(cid, 'ids'), id, seq .. ' ' .. digest)
end

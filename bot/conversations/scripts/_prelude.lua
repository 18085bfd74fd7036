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

-- What the queue goes by: the urgent and those given back stand in front, in the order in which they came; then comes
-- what is due first. What has no target counts as due after UNDUE seconds, of which a high priority halves the time.
local UNHURRIED = {high = 0.5, low = 2}
local function place(cid)
  local s = redis.call('HMGET', key(cid), 'waiting_since', 'due_first', 'priority', 'front')
  local since = tonumber(s[1])
  if s[4] or s[3] == 'urgent' then return since - tonumber(FRONT) end
  return tonumber(s[2] or since + tonumber(UNDUE) * (UNHURRIED[s[3]] or 1))
end

-- What points to a conversation follows from its state alone. `enlist` puts it where the state says, `unlist` takes it
-- from there; a change of owner, team, place, sleep or deadline stands between the two.
local function unlist(cid)
  local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'team')
  if not s[1] then return end
  redis.call('ZREM', 'fd:owned:' .. s[1], cid)
  if s[1] == 'queue' then redis.call('ZREM', 'fd:queue:' .. (s[3] or ''), cid) end
  if s[1] == 'agent' then
    redis.call('ZREM', 'fd:held:' .. s[2], cid)
    redis.call('ZREM', 'fd:snoozed', cid)
    redis.call('ZREM', 'fd:answers', cid)
  end
end

local function enlist(cid)
  local s = redis.call('HMGET', key(cid), 'owner', 'agent', 'team', 'updated', 'snoozed', 'answer_by')
  local order = s[1] == 'queue' and stamp(place(cid)) or s[4]
  redis.call('ZADD', 'fd:owned:' .. s[1], order, cid)
  if s[1] == 'queue' then
    redis.call('ZADD', 'fd:queue:' .. (s[3] or ''), order, cid)
    redis.call('SADD', 'fd:queues', s[3] or '')
  elseif s[1] == 'agent' then
    redis.call('ZADD', 'fd:held:' .. s[2], s[5] or 0, cid)
    if s[5] then redis.call('ZADD', 'fd:snoozed', s[5], cid) end
    if s[6] then redis.call('ZADD', 'fd:answers', s[6], cid) end
  end
end

-- Fields and values of the state, from place `pairs_from` of a list; an empty value takes the field away.
local function set(cid, pairs_from, values)
  for i = pairs_from, #values, 2 do
    if values[i + 1] == '' then
      redis.call('HDEL', key(cid), values[i])
    else
      redis.call('HSET', key(cid), values[i], values[i + 1])
    end
  end
end

-- One owner at a time: a conversation stands in exactly one of the owned sets, and its epoch grows at each change.
local function own(cid, owner, agent, name, t, values, pairs_from)
  unlist(cid)
  redis.call('HSET', key(cid), 'owner', owner, 'agent', agent, 'agent_name', name, 'updated', stamp(t))
  redis.call('HDEL', key(cid), 'snoozed', 'answer_by')
  if values then set(cid, pairs_from, values) end
  if owner == 'queue' then
    redis.call('HSETNX', key(cid), 'waiting_since', stamp(t))
  elseif owner ~= 'agent' then
    redis.call('HDEL', key(cid), 'waiting_since', 'front', 'back_to', 'passed')
  end
  redis.call('HINCRBY', key(cid), 'epoch', 1)
  enlist(cid)
  tell(cid)
end

-- An agent has to answer what the customer said: from now on the time runs, where the team has set one.
local function await_answer(cid, t)
  local s = redis.call('HMGET', key(cid), 'answer_within', 'answer_by', 'agent')
  if not s[1] or s[2] then return end
  redis.call('HSET', key(cid), 'answer_by', stamp(t + tonumber(s[1])))
  redis.call('ZADD', 'fd:answers', stamp(t + tonumber(s[1])), cid)
end

-- It is the agent's turn again: the conversation is no longer put off.
local function wake(cid, agent)
  redis.call('HDEL', key(cid), 'snoozed')
  redis.call('ZREM', 'fd:snoozed', cid)
  redis.call('ZADD', 'fd:held:' .. agent, 0, cid)
end

-- A conversation begins anew, with people or with the bot: what was promised and done the last time is over.
local AFRESH = {'waiting_since', 'handed', 'front', 'routed', 'skill', 'priority', 'placed', 'due_first', 'due_solve',
  'answered', 'first_reply', 'back_to', 'passed', 'outcome', 'product', 'fault', 'cause', 'rating', 'closed_by',
  'closed_at', 'merged_into', 'introduced'}
local function afresh(cid, owner, t)
  redis.call('HDEL', key(cid), unpack(AFRESH))
  if owner == 'queue' then redis.call('HSET', key(cid), 'handed', stamp(t)) end
end

-- Who the customer is has to be proved again. It stays theirs: nobody else who proves themselves takes it over.
-- Returns whether anybody was known.
local function disown(cid)
  local known = redis.call('HGET', key(cid), 'customer')
  if not known then return false end
  redis.call('HSET', key(cid), 'was', cjson.decode(known).id)
  redis.call('HDEL', key(cid), 'customer', 'proved')
  return true
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

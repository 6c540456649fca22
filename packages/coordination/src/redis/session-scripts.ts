import type { ScriptDefinition } from './redis-connection.ts'

/**
 * KEYS[1] of each: the index of gateways, ranked by when they are lost. KEYS[2]: their descriptions. What a gateway has stands beside them, in
 * the same slot: its records, its process ids, and how many sessions each principal has. The last two stand there the other way round as well: whose a
 * process id is, and on which gateways a principal has how many, so that nobody who enters has to ask after every gateway.
 */
const BEGIN = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function records(gateway) return KEYS[1] .. ':records:' .. gateway end
local function processes(gateway) return KEYS[1] .. ':processes:' .. gateway end
local function counts(gateway) return KEYS[1] .. ':counts:' .. gateway end
local function places(principal) return KEYS[1] .. ':principal:' .. principal end
local owners = KEYS[1] .. ':owners'
local function alive() return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%d', now), '+inf') end
local function isAlive(gateway)
  local lost = redis.call('ZSCORE', KEYS[1], gateway)
  return lost and tonumber(lost) > now
end
local function disown(gateway, process)
  if redis.call('HGET', owners, process) == gateway then redis.call('HDEL', owners, process) end
end
local function forget(gateway)
  redis.call('ZREM', KEYS[1], gateway)
  redis.call('HDEL', KEYS[2], gateway)
  for _, process in ipairs(redis.call('HKEYS', processes(gateway))) do disown(gateway, process) end
  for _, principal in ipairs(redis.call('HKEYS', counts(gateway))) do redis.call('HDEL', places(principal), gateway) end
  redis.call('DEL', records(gateway), processes(gateway), counts(gateway))
end
local function sessionsOf(principal)
  local count, found = 0, redis.call('HGETALL', places(principal))
  for at = 1, #found, 2 do
    if isAlive(found[at]) then count = count + found[at + 1] end
  end
  return count
end
`

/** ARGV: gateway, description, milliseconds until it is lost. Gives 1 when it was alive, 0 when it had been lost or is new. */
export const BEAT: ScriptDefinition = {
  name: 'gatehouseBeat',
  lua: `${BEGIN}
for _, gateway in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now))) do forget(gateway) end
local was = isAlive(ARGV[1])
redis.call('ZADD', KEYS[1], string.format('%d', now + ARGV[3]), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return was and 1 or 0`,
}

/** ARGV: gateway. */
export const FAREWELL: ScriptDefinition = { name: 'gatehouseFarewell', lua: `${BEGIN} forget(ARGV[1]) return 1` }

/** Gives each gateway that is alive, and its description behind it. */
export const ALIVE: ScriptDefinition = {
  name: 'gatehouseAlive',
  lua: `${BEGIN}
local found = {}
for _, gateway in ipairs(alive()) do
  found[#found + 1] = gateway
  found[#found + 1] = redis.call('HGET', KEYS[2], gateway) or '{}'
end
return found`,
}

/** ARGV: gateway, session, record, process id, its owner, principal, most sessions of the principal (empty: it was let in before). */
export const ENTER: ScriptDefinition = {
  name: 'gatehouseEnter',
  lua: `${BEGIN}
if not isAlive(ARGV[1]) then return 'lost' end
local count = sessionsOf(ARGV[6])
local owner = redis.call('HGET', owners, ARGV[4])
local taken = owner and isAlive(owner)
if ARGV[7] ~= '' then
  if count >= tonumber(ARGV[7]) then return 'too_many' end
  if taken then return 'process_id_taken' end
end
if redis.call('HSET', records(ARGV[1]), ARGV[2], ARGV[3]) == 1 then
  redis.call('HINCRBY', counts(ARGV[1]), ARGV[6], 1)
  redis.call('HINCRBY', places(ARGV[6]), ARGV[1], 1)
end
if not taken then
  redis.call('HSET', processes(ARGV[1]), ARGV[4], ARGV[5])
  redis.call('HSET', owners, ARGV[4], ARGV[1])
end
return 'entered'`,
}

/** ARGV: gateway, then session and record of each. */
export const UPDATE: ScriptDefinition = {
  name: 'gatehouseUpdate',
  lua: `${BEGIN}
for at = 2, #ARGV, 2 do
  if redis.call('HEXISTS', records(ARGV[1]), ARGV[at]) == 1 then redis.call('HSET', records(ARGV[1]), ARGV[at], ARGV[at + 1]) end
end
return 1`,
}

/** ARGV: gateway, session, process id, principal. */
export const LEAVE: ScriptDefinition = {
  name: 'gatehouseLeave',
  lua: `${BEGIN}
if redis.call('HDEL', records(ARGV[1]), ARGV[2]) == 0 then return 0 end
redis.call('HDEL', processes(ARGV[1]), ARGV[3])
disown(ARGV[1], ARGV[3])
if redis.call('HINCRBY', counts(ARGV[1]), ARGV[4], -1) <= 0 then redis.call('HDEL', counts(ARGV[1]), ARGV[4]) end
if redis.call('HINCRBY', places(ARGV[4]), ARGV[1], -1) <= 0 then redis.call('HDEL', places(ARGV[4]), ARGV[1]) end
return 1`,
}

/** ARGV: what to look through (\`records\`, \`processes\`), what for. Gives the first that is found. */
export const FIND: ScriptDefinition = {
  name: 'gatehouseFind',
  lua: `${BEGIN}
local where = ARGV[1] == 'records' and records or processes
for _, gateway in ipairs(alive()) do
  local found = redis.call('HGET', where(gateway), ARGV[2])
  if found then return found end
end
return false`,
}

/** ARGV: principal. */
export const COUNT: ScriptDefinition = {
  name: 'gatehouseCount',
  lua: `${BEGIN}
return sessionsOf(ARGV[1])`,
}

/** ARGV: gateway. Gives its records. */
export const RECORDS: ScriptDefinition = {
  name: 'gatehouseRecords',
  lua: `${BEGIN} return redis.call('HVALS', records(ARGV[1]))`,
}

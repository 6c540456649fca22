import type { ScriptDefinition } from './redis-connection.ts'

/** Milliseconds since the epoch by the server's clock. */
const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

/** KEYS: the room's epoch, its version. ARGV: an epoch, should it have none. Gives both. */
export const LOOK: ScriptDefinition = {
  name: 'gatehouseLook',
  lua: `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return { redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]) or '0' }`,
}

/** KEYS: documents. Gives the time and each document. */
export const LOAD: ScriptDefinition = {
  name: 'gatehouseLoad',
  lua: `${NOW}
local values = {}
for at, key in ipairs(KEYS) do values[at] = redis.call('GET', key) end
return { string.format('%d', now), values }`,
}

/**
 * KEYS: the version, then every document and index of the change. ARGV: the change as JSON (absent things are empty texts,
 * numbers are texts, expected values are their SHA-1), the channel. Gives 1 when it was written, 0 when something was not as expected.
 */
export const COMMIT: ScriptDefinition = {
  name: 'gatehouseCommit',
  lua: `
local change = cjson.decode(ARGV[1])
for _, one in ipairs(change.expected) do
  local value = redis.call('GET', one[1])
  if one[2] == '' then
    if value then return 0 end
  elseif not value or redis.sha1hex(value) ~= one[2] then
    return 0
  end
end
for _, one in ipairs(change.writes) do
  if one[2] == '' then redis.call('DEL', one[1])
  elseif one[3] == '' then redis.call('SET', one[1], one[2])
  else redis.call('SET', one[1], one[2], 'PXAT', one[3]) end
end
for _, one in ipairs(change.ranks) do
  if one[3] == '' then redis.call('ZREM', one[1], one[2])
  else redis.call('ZADD', one[1], one[3], one[2]) end
  if one[4] ~= '' then redis.call('ZREMRANGEBYSCORE', one[1], '-inf', '(' .. one[4]) end
end
if change.note ~= '' then
  local version = redis.call('INCR', KEYS[1])
  redis.call('PUBLISH', ARGV[2], string.format('%d', version) .. ' ' .. change.note)
end
return 1`,
}

/** KEYS: an index. ARGV: how many, behind which member (empty: from the first). */
export const MEMBERS: ScriptDefinition = {
  name: 'gatehouseMembers',
  lua: `
local from = 0
if ARGV[2] ~= '' then
  local rank = redis.call('ZREVRANK', KEYS[1], ARGV[2])
  if not rank then return {} end
  from = rank + 1
end
return redis.call('ZREVRANGE', KEYS[1], from, from + ARGV[1] - 1)`,
}

/** KEYS: an index. ARGV: members. Gives 1 for each that is in it, else 0. */
export const RANKED: ScriptDefinition = {
  name: 'gatehouseRanked',
  lua: `
local found = {}
for at, member in ipairs(ARGV) do found[at] = redis.call('ZSCORE', KEYS[1], member) and 1 or 0 end
return found`,
}

/** KEYS: a counter of one window's key. ARGV: amount, limit, window in milliseconds. Gives what was granted, what is left, now, and the window's end. */
export const TAKE: ScriptDefinition = {
  name: 'gatehouseTake',
  lua: `${NOW}
local length = tonumber(ARGV[3])
local ends = (math.floor(now / length) + 1) * length
local window = redis.call('HMGET', KEYS[1], 'ends', 'taken')
local taken = 0
if window[1] == string.format('%d', ends) then taken = tonumber(window[2]) end
local granted = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - taken))
if granted > 0 then
  redis.call('HSET', KEYS[1], 'ends', string.format('%d', ends), 'taken', string.format('%d', taken + granted))
  redis.call('PEXPIREAT', KEYS[1], string.format('%d', ends))
end
return { granted, math.max(0, tonumber(ARGV[2]) - taken - granted), string.format('%d', now), string.format('%d', ends) }`,
}

/** SHOW of engines, profiles, logs and replication. MySQL manual, "SHOW Statements". */
import { acceptNumber } from '../object-names.ts'
import type { TokenCursor } from '../token-cursor.ts'
import { readLimit, type ShowDraft } from './show-draft.ts'

/** `{engine | ALL} {STATUS | MUTEX | LOGS}`, behind SHOW ENGINE. */
export function readShowEngine(c: TokenCursor, draft: ShowDraft): void {
  const engine = c.accept('all') ? 'all' : c.nameOrString()
  draft.object = { schema: null, name: engine }
  const kind = c.acceptAny(['status', 'mutex', 'logs'])
  if (kind === null) throw c.error()
  draft.what = `engine_${kind}`
}

/** `[type, …] [FOR QUERY n] [LIMIT …]`, behind SHOW PROFILE. */
export function readShowProfile(c: TokenCursor, draft: ShowDraft): void {
  draft.what = 'profile'
  if (isProfileType(c)) c.list(readProfileType)
  if (c.acceptPair('for', 'query')) c.integer()
  readLimit(c)
}

function isProfileType(c: TokenCursor): boolean {
  return ['all', 'block', 'context', 'cpu', 'ipc', 'memory', 'page', 'source', 'swaps'].includes(c.spelling)
}

function readProfileType(c: TokenCursor): void {
  if (!isProfileType(c)) throw c.error()
  const first = c.spelling
  c.advance()
  if (first === 'block') c.expect('io')
  else if (first === 'context') c.expect('switches')
  else if (first === 'page') c.expect('faults')
}

/** `EVENTS [IN 'log'] [FROM position] [LIMIT …] [FOR CHANNEL name]`, behind SHOW BINLOG or SHOW RELAYLOG. */
export function readShowLogEvents(c: TokenCursor, draft: ShowDraft, what: 'binlog_events' | 'relaylog_events'): void {
  draft.what = what
  c.expect('events')
  if (c.accept('in')) c.string()
  if (c.accept('from') && !acceptNumber(c)) throw c.error()
  readLimit(c)
  if (what === 'relaylog_events') readChannel(c)
}

/** `LOGS`, `LOG STATUS`, or STATUS, from BINARY or MASTER on. */
export function readShowBinary(c: TokenCursor, draft: ShowDraft): void {
  const master = c.is('master')
  c.advance()
  if (c.accept('logs')) {
    draft.what = 'binary_logs'
    return
  }
  draft.what = 'binary_log_status'
  if (!master) {
    if (c.isMariadb) throw c.error()
    c.expect('log')
  }
  c.expect('status')
}

/** SHOW REPLICAS, SHOW SLAVE HOSTS, SHOW REPLICA STATUS …; the cursor stands at the word behind SHOW. False where none of them stands. */
export function readShowReplica(c: TokenCursor, draft: ShowDraft): boolean {
  if (!c.isMariadb && c.is('slave') && c.dialect.version >= 80400) return false
  if (!c.isMariadb && c.accept('replicas')) {
    draft.what = 'replicas'
    return true
  }
  const replica = c.is('replica')
  if (!c.accept('slave') && !c.accept('replica')) return false
  if ((c.isMariadb || !replica) && c.accept('hosts')) {
    draft.what = 'replicas'
    return true
  }
  if (c.isMariadb && c.isString) c.string()
  c.expect('status')
  draft.what = 'replica_status'
  readChannel(c)
  return true
}

function readChannel(c: TokenCursor): void {
  if (c.acceptPair('for', 'channel')) c.nameOrString()
}

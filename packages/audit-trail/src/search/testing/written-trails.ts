/** Trails on the disk, with all that may stand in records, for tests of what searches them. The same at each call. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditRecord } from '@gatehouse/core'
import { listSegments, segmentName } from '../../chain/segment-names.ts'
import type { ShippedRecord, TrailIdentity } from '../../shipping/destination.ts'
import { trailIdOf } from '../../chain/trail-id.ts'
import { TrailWriter } from '../../writing/trail-writer.ts'

/** A trail and all that stands in it. */
export interface WrittenTrail {
  readonly directory: string
  readonly identity: TrailIdentity
  /** In order. */
  readonly shipped: readonly ShippedRecord[]
}

/** Values that records of `writeTrails` have; some of each are of few records, or of none. */
export const VALUES = {
  gateway: ['gateway-a', 'gateway-b', 'gateway-c', 'gateway-x'],
  session: ['session-0', 'session-1', 'session-7', 'no such session'],
  subject: ['dana@example.com', 'zoë@example.com', 'o"brien\\@example.com', '__proto__', 'nobody@example.com'],
  actor: ['copilot', 'claude', 'constructor'],
  target: ['shop', 'hr', 'sho'],
  kind: ['session_start', 'session_end', 'login_refused', 'intent', 'outcome', 'alarm', 'policy_loaded'],
  action: ['select', 'insert', 'update', 'delete', 'ddl', 'sel'],
  relation: ['public.users', 'public.orders', 'hr.salaries', 'public."odd, name"', 'public.user'],
  masked: ['public.users.email', 'hr.salaries.amount', 'hr.salaries'],
  rule: ['agents-read-the-shop', 'default', 'writes-need-a-human', 'second-rule'],
  code: [
    '42P01',
    '1064',
    'POLICY_DENIED',
    'APPROVAL_REFUSED',
    'APPROVAL_TIMEOUT',
    'APPROVAL_PENDING',
    'APPROVAL_VOIDED',
    'TOKEN_EXPIRED',
    '00000',
  ],
  fingerprint: ['f00d000000000001', 'f00d000000000002', 'f00d000000000003', 'none'],
} as const

const TEXTS = [
  'SELECT email FROM users WHERE id = $1',
  'select * from hr.salaries -- Ünïcode, 100%_sure',
  "update orders set note = '\u0000\u001b[2J\u202e\u200b' where id = 1",
  `insert into notes values ('{"seq":1,"time":"2026-01-01T00:00:00.000Z","kind":"outcome","statement":{"intent":1}}')`,
  // The Kelvin sign and the dotted capital I: lower case makes ASCII letters of them.
  'select 300 as \u212Aelvin from \u0130zmir',
  'select 1;\n\tdrop table "C:\\temp"',
  '',
  `select '${'x'.repeat(10_000)} needle at the END'`,
]

/** Parts of texts: upper and lower case, wildcards of SQL, what JSON escapes, what is in none. */
export const WANTED_TEXTS: readonly string[] = [
  'email',
  'FROM USERS',
  'ÜNÏCODE',
  '%_sure',
  '_',
  '%',
  'c:\\TEMP',
  '"seq":1',
  '\n\tdrop',
  '\u0000',
  '\u202e',
  'kelvin',
  '\u212AELVIN',
  'i\u0307zmir',
  '\u0130ZMIR',
  'izmir',
  'Needle At',
  'in none of them',
]

const BEGUN = Date.UTC(2026, 0, 1)

/** Times between and at those of records. */
export const WANTED_TIMES: readonly string[] = [0, 1, 17_000, 17_500, 60_000, 200_000, 9e9].map((after) =>
  new Date(BEGUN + after).toISOString(),
)

/** Numbers from 0 to 1 that are the same at each run. */
export function chances(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** How trails are written. */
export interface WrittenOptions {
  /** Statements in each trail; default 120. */
  readonly statements?: number
  /** Milliseconds from one record to the next; default 0 or 1,000, so that records of several gateways have one time. */
  readonly step?: (chance: () => number) => number
}

/** Writes a trail for each of three gateways into `folder`, in many segments. */
export async function writeTrails(folder: string, options: WrittenOptions = {}): Promise<readonly WrittenTrail[]> {
  const trails: WrittenTrail[] = []
  for (const [index, gateway] of VALUES.gateway.slice(0, 3).entries()) {
    const directory = join(folder, gateway)
    await writeTrail(directory, gateway, chances(index + 1), options)
    trails.push(readTrail(directory, gateway))
  }
  return trails
}

/** A folder for trails that is gone when the test is over. */
export class TrailFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'gatehouse-trails-'))

  /** A folder in it. */
  within(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** All that stands in the trail in a directory. */
export function readTrail(directory: string, gateway: string): WrittenTrail {
  const shipped = listSegments(directory).flatMap((segment) =>
    readFileSync(join(directory, segmentName(segment)), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => ({ segment, line, record: JSON.parse(line) as AuditRecord })),
  )
  return { directory, identity: { gateway, trail: trailIdOf(shipped[0]?.record.hash ?? '') }, shipped }
}

async function writeTrail(
  directory: string,
  gateway: string,
  chance: () => number,
  { statements = 120, step = (next) => (next() < 0.5 ? 0 : 1_000) }: WrittenOptions,
): Promise<void> {
  let now = BEGUN
  const trail = await TrailWriter.open(directory, {
    gatewayId: gateway,
    segmentBytes: 60_000,
    syncMilliseconds: 60_000,
    now: () => (now += step(chance)),
  })
  const pick = <Value>(values: readonly Value[]): Value | undefined => values[Math.floor(chance() * values.length)]
  const append = (members: object): number => {
    const seq = trail.append(JSON.stringify(members).slice(1, -1))
    trail.commit()
    return seq
  }
  append({ kind: 'policy_loaded', policy: { version: 'v1', source: 'policy.yaml', rules: 3 } })
  const sessions = Array.from({ length: 6 }, (_, at) => ({
    session: `session-${at}`,
    principal: {
      subject: pick(VALUES.subject.slice(0, 4)),
      actor: chance() < 0.3 ? null : pick(VALUES.actor),
      groups: ['ai-agents'],
      issuer: 'https://login.example.com',
    },
    target: pick(VALUES.target.slice(0, 2)),
    engine: 'postgres',
  }))
  for (const session of sessions) append({ kind: 'session_start', ...session, client: { address: '127.0.0.1' } })
  const running: { readonly members: object; readonly until: number }[] = []
  for (let statement = 0; statement < statements; statement++) {
    for (const { members } of running.filter(({ until }) => until === statement)) append(members)
    if (chance() < 0.05)
      append({ kind: 'login_refused', target: null, client: {}, refusal: { code: 'TOKEN_EXPIRED', reason: 'old' } })
    if (chance() < 0.03) append({ kind: 'alarm', alarm: { code: 'CANARY', message: 'select email' } })
    const session = pick(sessions)
    const refused = chance() < 0.15
    const masked = chance() < 0.3 ? [pick(VALUES.masked.slice(0, 2))] : []
    const intent = append({
      kind: 'intent',
      ...session,
      statement: {
        text: pick(TEXTS),
        parameters: [],
        fingerprint: chance() < 0.2 ? null : pick(VALUES.fingerprint.slice(0, 3)),
      },
      actions: [...new Set([pick(VALUES.action.slice(0, 5)), pick(VALUES.action.slice(0, 5))])],
      relations: [...new Set([pick(VALUES.relation.slice(0, 4)), pick(VALUES.relation.slice(0, 4))])],
      decision: refused
        ? { effect: 'deny', rule: 'default', approval: null, code: pick(VALUES.code.slice(2, 7)), object: '' }
        : {
            effect: 'permit',
            rule: pick(VALUES.rule.slice(0, 3)),
            ...(chance() < 0.2 ? { rules: ['agents-read-the-shop', 'second-rule'] } : {}),
            approval: chance() < 0.1 ? 'approval-1' : null,
          },
      masked,
    })
    // Most are done at once, some much later, some never.
    const error = chance() < 0.2 ? pick(VALUES.code.slice(0, 2)) : null
    const { session: id } = session ?? {}
    const members = {
      kind: 'outcome',
      session: id,
      statement: { intent },
      outcome: { rows: 1, bytes: 10, error, duration_us: 5 },
      masked,
    }
    if (refused || chance() < 0.1) continue
    if (chance() < 0.8) append(members)
    else running.push({ members, until: statement + 1 + Math.floor(chance() * 60) })
  }
  for (const session of sessions) append({ kind: 'session_end', ...session, end: { reason: 'client_closed' } })
  await trail.close()
}

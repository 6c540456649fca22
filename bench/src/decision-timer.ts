/**
 * Times decisions alone, in this one process, without a socket or a trail: reading a text and judging it under the
 * bench's policy. `decision-timer.ts <port>`, with user, database and password in BENCH_ADDRESS. Prints one line of JSON.
 */
import { encodeSessionPart, Gate, parsePolicy, RateLimiter } from '@gatehouse/core'
import {
  buildCatalog,
  CATALOG_QUERIES,
  CATALOG_SESSION,
  type CatalogRows,
  type NameEnvironment,
  PostgresReader,
} from '@gatehouse/sql-analysis'
import type { DecisionTiming } from './decisions.ts'
import { newTexts, seenTexts } from './generated-statements.ts'
import { TARGET } from './gateway-setup.ts'
import { POLICY } from './policy.ts'
import { percentile } from './statistics.ts'
import { type Address, WireClient } from './wire-client.ts'

const SEEN = 200_000
const NEW = 3000
/** Texts that only let the engine compile what it will run. */
const WARM_UP = 0.25

const address = JSON.parse(process.env['BENCH_ADDRESS'] ?? '') as Address
const rows = await catalogRows(address)
const catalog = buildCatalog('bench', rows)
const reader = await PostgresReader.create({ catalogRows: () => rows })
const names: NameEnvironment = { catalog, searchPath: ['pg_catalog', 'public'], parse: (sql) => reader.parseQuery(sql) }

const parsed = parsePolicy(POLICY)
if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.message).join('\n'))
const principal = {
  subject: 'ada@example.com',
  actor: 'copilot',
  groups: ['ai-agents'],
  issuer: 'bench',
  claims: {},
  expiresAt: Infinity,
}
const session = { id: 'bench', principal, target: TARGET, engine: 'postgres' as const }
const trail = { append: () => 1, owe: () => undefined, commit: () => undefined }
const gate = new Gate<NameEnvironment>(
  { ...session, encoded: encodeSessionPart(session) },
  {
    reader,
    policy: { current: parsed.policy },
    trail,
    rates: new RateLimiter(),
    clock: { now: Date.now, monotonic: () => performance.now() },
    recordLimits: { maxTextBytes: 65_536, maxParameterBytes: 4096, maxParametersBytes: 65_536, maxParameters: 1000 },
  },
)

console.log(JSON.stringify({ seen: time(seenTexts(SEEN)), new: time(newTexts(NEW)) }))
await reader.close()
process.exit()

function time(texts: readonly Buffer[]): DecisionTiming {
  const warm = Math.floor(texts.length * WARM_UP)
  const times = new Float64Array(texts.length - warm)
  const refusals: Record<string, number> = {}
  let permitted = 0
  for (const [index, text] of texts.entries()) {
    const begun = performance.now()
    const judgement = gate.judge(text, 0, text.length, names)
    const took = performance.now() - begun
    if (index < warm) continue
    times[index - warm] = took * 1000
    const code = judgement === null ? 'TOO_LARGE' : judgement.refusal?.code
    if (code === undefined) permitted++
    else refusals[code] = (refusals[code] ?? 0) + 1
  }
  const total = times.reduce((sum, value) => sum + value, 0)
  return {
    decisions: times.length,
    permitted: permitted / times.length,
    p50Microseconds: percentile(times, 0.5),
    p99Microseconds: percentile(times, 0.99),
    meanMicroseconds: total / times.length,
    refusals,
  }
}

async function catalogRows(from: Address): Promise<CatalogRows> {
  const client = await WireClient.connect(from)
  await client.simple(CATALOG_SESSION)
  const read = async (kind: keyof CatalogRows): Promise<string[]> =>
    (await client.rows(CATALOG_QUERIES[kind])).map(([cell]) => cell ?? '')
  const rows: CatalogRows = {
    relations: await read('relations'),
    functions: await read('functions'),
    types: await read('types'),
    operators: await read('operators'),
    builtinOperators: await read('builtinOperators'),
    constraints: await read('constraints'),
  }
  client.close()
  return rows
}

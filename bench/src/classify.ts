import { DETECTORS, TextScanner } from '@gatehouse/core'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createDatabase, LOGINS, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import type { Address } from './engine.ts'
import { type GatewayProcess, startGatewayProcess, TARGET } from './gateway-setup.ts'
import { startIssuer } from './issuer.ts'
import type { Options } from './options.ts'
import { POSTGRES } from './postgres/engine.ts'
import { POLICY } from './postgres/policy.ts'
import { WireClient } from './postgres/wire-client.ts'
import { cpuSeconds } from './process-figures.ts'
import { BENCH_FOLDER } from './scene.ts'
import { median } from './statistics.ts'

const ROWS = 100_000
const LOOKING = POLICY.replace('limits:', `classify:\n  - { detect: [${DETECTORS.join(', ')}] }\nlimits:`)

/** 100,000 rows with a text of some 150 bytes; in `some` one in a hundred holds an address, in `all` every one. */
const TABLES = `
create table notes as select id::int8, 'The customer called about order ' || id || ' and asked when it would arrive; '
  || 'nobody could tell. It was sent on 2026-01-' || lpad((id % 28 + 1)::text, 2, '0') || ' with the rest of the delivery.' as note
from generate_series(1, ${String(ROWS)}) id;
create table notes_some as select id, case when id % 100 = 0 then note || ' Write to a' || id || '@example.com.' else note end as note from notes;
create table notes_all as select id, note || ' Write to a' || id || '@example.com.' as note from notes;
create table notes_json as select id, jsonb_build_object('id', id, 'note', note, 'tags', array['a', 'b'], 'total', id / 100.0) as note from notes;
grant select on all tables in schema public to ${LOGINS.md5.user};
`

const CASES = [
  ['text, nothing in it', 'notes'],
  ['text, one row in a hundred', 'notes_some'],
  ['text, every row', 'notes_all'],
  ['jsonb, nothing in it', 'notes_json'],
] as const

/** What `classify` costs: the scan alone, and 100,000 rows through a gateway with it and one without. As Markdown. */
export async function measureClassify(options: Options, tell: (text: string) => void): Promise<string> {
  const scan = scanTable()
  tell('starting PostgreSQL 18 and two gateways')
  mkdirSync(BENCH_FOLDER, { recursive: true })
  const folder = mkdtempSync(join(BENCH_FOLDER, 'run-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const server = await startPostgres({ version: 18, settings: { shared_buffers: '128MB' } })
  const issuer = await startIssuer()
  try {
    await createDatabase(server, TARGET, TABLES)
    const start = (name: string, policy: string): Promise<GatewayProcess> =>
      startGatewayProcess({
        engine: POSTGRES,
        folder: join(folder, name),
        issuer: issuer.url,
        upstream: { port: server.port, ...LOGINS.md5, caFile: null },
        listenerTls: null,
        policy,
      })
    const without = await start('without', POLICY)
    const looking = await start('looking', LOOKING)
    try {
      const password = issuer.token('ada@example.com')
      const address = (port: number): Address => ({ port, user: 'copilot', database: TARGET, password })
      return [scan, await rowsTable(without, looking, address, options, tell)].join('\n\n')
    } finally {
      await looking.stop()
      await without.stop()
    }
  } finally {
    issuer.close()
    await server.stop()
  }
}

async function rowsTable(
  without: GatewayProcess,
  looking: GatewayProcess,
  address: (port: number) => Address,
  options: Options,
  tell: (text: string) => void,
): Promise<string> {
  const lines = [
    '| 100,000 rows | without, ms | with, ms | wall time with / without | CPU with / without |',
    '| --- | ---: | ---: | ---: | ---: |',
  ]
  const roads = [without, looking]
  const clients = await Promise.all(roads.map(({ port }) => WireClient.connect(address(port))))
  try {
    for (const [name, table] of CASES) {
      const times: number[][] = [[], []]
      const cpu = [0, 0]
      for (let round = -2; round < options.rounds * 4; round++) {
        for (const [index, client] of clients.entries()) {
          const pid = roads[index]?.pid ?? 0
          const before = cpuSeconds(pid)
          const answer = await client.simple(`select id, note from public.${table}`)
          if (answer.rows !== ROWS) throw new Error(`${table} brought ${String(answer.rows)} rows`)
          const after = cpuSeconds(pid)
          if (round < 0) continue
          times[index]?.push(answer.milliseconds)
          cpu[index] = (cpu[index] ?? 0) + after.user + after.system - before.user - before.system
        }
      }
      const [plain = [], looked = []] = times
      const ratio = median(looked.map((time, round) => time / (plain[round] ?? Number.NaN)))
      const cpuRatio = (cpu[1] ?? 0) / (cpu[0] ?? Number.NaN)
      lines.push(
        `| ${name} | ${median(plain).toFixed(0)} | ${median(looked).toFixed(0)} | **${ratio.toFixed(2)}** | ${cpuRatio.toFixed(2)} |`,
      )
      tell(`${name}: ${ratio.toFixed(2)} of without`)
    }
  } finally {
    for (const client of clients) client.close()
  }
  return lines.join('\n')
}

const TEXTS: Readonly<Record<string, string>> = {
  prose:
    'The quick brown fox jumps over the lazy dog; then it sat down and looked at the river for a while. Nothing moved.\n',
  JSON: '{"id":4711,"name":"Lena Weber","tags":["a","b"],"created":"2026-05-01T12:33:03Z","total":12.50,"note":"called back"},',
  'digits and ids':
    '2026-05-01 12:33:03.123456 1714566783123 4711 0.4111111111111111 10.0.0.5 550e8400-e29b-41d4-a716-446655440000 ',
  Base64:
    'iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg',
  'card numbers': '4111 1111 1111 1111, ',
}

/** Nanoseconds of CPU per byte, beside a loop that looks each byte up in a table and does nothing else. */
function scanTable(): string {
  const scanner = new TextScanner(DETECTORS)
  const lines = ['| scan alone, ns per byte | all detectors | a table look-up per byte |', '| --- | ---: | ---: |']
  for (const [name, text] of Object.entries(TEXTS)) {
    const bytes = Buffer.from(text.repeat(Math.ceil(1_000_000 / text.length)))
    const scan = nanosecondsPerByte(bytes, () => scanner.scan(bytes, 0, bytes.length))
    const least = nanosecondsPerByte(bytes, () => lookedUp(bytes))
    lines.push(`| ${name} | ${scan.toFixed(1)} | ${least.toFixed(1)} |`)
  }
  return lines.join('\n')
}

function nanosecondsPerByte(bytes: Buffer, work: () => number): number {
  const samples: number[] = []
  for (let round = 0; round < 25; round++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    if (round >= 5) samples.push(((user + system) * 1000) / bytes.length)
  }
  return median(samples)
}

const table = new Uint8Array(256).fill(1, 0x40, 0x41)

function lookedUp(bytes: Buffer): number {
  let found = 0
  for (let at = 0; at < bytes.length; at++) if (table[bytes[at] ?? 0] === 1) found++
  return found
}

import type { Results } from './results.ts'
import { ROADS } from './scene.ts'
import type { RoadFigures } from './statements.ts'

const HEADS = { direct: 'direct', pgbouncer: 'PgBouncer', gateway: 'gateway', relay: 'Node relay' } as const

/** The results as Markdown tables, one for each kind of figure; targets of the design stand beside what was found. */
export function asMarkdown(results: Results): string {
  const { machine } = results
  const blocks = [
    `${results.date.slice(0, 10)}, commit ${machine.commit}: ${machine.cpu}, ${String(machine.cores)} cores, load ${machine.loadBefore.toFixed(1)} before; Node ${machine.node.slice(1)}, ` +
      `PostgreSQL ${machine.postgres}, PgBouncer ${machine.pgbouncer} (session pooling); ${String(results.rounds)} rounds of ${String(results.seconds)} s.`,
    ...statementTables(results),
    ...rowsTable(results),
    ...memoryTable(results),
    ...decisionTable(results),
    ...startLine(results),
  ]
  return `${blocks.join('\n\n')}\n`
}

function statementTables({ statements }: Results): string[] {
  if (statements === null) return []
  const roads = ROADS.map((road) => HEADS[road])
  const name = ({ mode, clients }: (typeof statements)[number]): string => `${mode}, ${String(clients)}`
  return [
    '**`pgbench -S`, statements per second** (medians; ratios: median over the rounds, then each round)',
    table(
      ['mode, clients', ...roads, 'gateway / PgBouncer (≥ 1)', 'gateway / direct', 'gateway / relay'],
      statements.map((row) => [
        name(row),
        ...ROADS.map((road) => whole(row.roads[road].statementsPerSecond)),
        ratio(row.ratios.throughputToPgbouncer),
        ratio(row.ratios.throughputToDirect),
        ratio(row.ratios.throughputToRelay),
      ]),
    ),
    '**CPU microseconds per statement**, all threads: of what stands between (in brackets: in its own code, not the kernel), and of the database',
    table(
      [
        'mode, clients',
        'PgBouncer',
        'gateway',
        'Node relay',
        'gateway / PgBouncer (≤ 1.5)',
        'database: direct',
        'through PgBouncer',
        'through gateway',
      ],
      statements.map((row) => [
        name(row),
        ...(['pgbouncer', 'gateway', 'relay'] as const).map((road) => cpu(row.roads[road])),
        ratio(row.ratios.cpuToPgbouncer),
        ...(['direct', 'pgbouncer', 'gateway'] as const).map((road) =>
          row.roads[road].databaseCpuMicroseconds.toFixed(1),
        ),
      ]),
    ),
    '**Latency in microseconds**, p50 / p99',
    table(
      ['mode, clients', ...roads],
      statements.map((row) => [
        name(row),
        ...ROADS.map((road) => `${whole(row.roads[road].p50Microseconds)} / ${whole(row.roads[road].p99Microseconds)}`),
      ]),
    ),
  ]
}

function rowsTable({ rows }: Results): string[] {
  if (rows === null) return []
  return [
    '**100,000 rows × 6 columns**, wall time in milliseconds, and as a ratio to direct',
    table(
      [
        'format, masked columns',
        ...ROADS.map((road) => HEADS[road]),
        'MB',
        'gateway / direct (≤ 1.3)',
        'PgBouncer / direct',
        'relay / direct',
      ],
      rows.map((row) => [
        `${row.format}, ${String(row.masked)}`,
        ...ROADS.map((road) => whole(row.milliseconds[road])),
        row.megabytes.toFixed(1),
        `**${row.toDirect.gateway.toFixed(2)}** (${Math.min(...row.gatewayRounds).toFixed(2)}–${Math.max(...row.gatewayRounds).toFixed(2)})`,
        row.toDirect.pgbouncer.toFixed(2),
        row.toDirect.relay.toFixed(2),
      ]),
    ),
  ]
}

function memoryTable({ memory }: Results): string[] {
  if (memory === null) return []
  return [
    '**Idle sessions**, KiB of gateway memory each (targets: ≤ 32 in clear text, ≤ 96 with TLS)',
    table(
      [
        'sessions',
        'TLS',
        'upstream',
        'resident',
        'resident, collected',
        'of it heap',
        'of it buffers',
        'logins per second',
      ],
      memory.map((row) => [
        whole(row.sessions),
        row.tls ? 'both ways' : 'none',
        row.upstream,
        row.residentKib.toFixed(1),
        `**${row.collectedKib.toFixed(1)}**`,
        row.heapKib.toFixed(1),
        row.buffersKib.toFixed(1),
        whole(row.loginsPerSecond),
      ]),
    ),
  ]
}

function decisionTable({ decisions }: Results): string[] {
  if (decisions === null) return []
  const rows = [
    { name: 'shape seen before (≤ 5)', timing: decisions.seen },
    { name: 'new shape (p50 ≤ 300, p99 ≤ 3,000)', timing: decisions.new },
  ]
  return [
    '**Decision alone**, microseconds: text read and judged, in process',
    table(
      ['', 'p50', 'p99', 'mean', 'decisions', 'permitted'],
      rows.map(({ name, timing }) => [
        name,
        `**${timing.p50Microseconds.toFixed(1)}**`,
        timing.p99Microseconds.toFixed(1),
        timing.meanMicroseconds.toFixed(1),
        whole(timing.decisions),
        `${(timing.permitted * 100).toFixed(0)} %`,
      ]),
    ),
  ]
}

function startLine({ start }: Results): string[] {
  if (start === null) return []
  return [
    `**Start of the process to listening**: ${whole(start.median)} ms (median of ${start.milliseconds.map(whole).join(', ')}; target ≤ 1,000)`,
  ]
}

function cpu({ proxyCpuMicroseconds, proxyUserMicroseconds }: RoadFigures): string {
  return `${proxyCpuMicroseconds.toFixed(1)} (${proxyUserMicroseconds.toFixed(1)})`
}

function ratio({ median, rounds }: { readonly median: number; readonly rounds: readonly number[] }): string {
  return rounds.length < 2
    ? `**${median.toFixed(2)}**`
    : `**${median.toFixed(2)}** (${rounds.map((value) => value.toFixed(2)).join(', ')})`
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

import { ENGINES } from './engines.ts'
import type { Results } from './results.ts'
import { ROADS, type RoadName } from './scene.ts'
import type { RoadFigures } from './statements.ts'

/** What the roads are called. */
function headsOf({ engine }: Results): Readonly<Record<RoadName, string>> {
  return { direct: 'direct', peer: ENGINES[engine].peerName, gateway: 'gateway', relay: 'Node relay' }
}

/** The results as Markdown tables, one for each kind of figure; targets of the design stand beside what was found. */
export function asMarkdown(results: Results): string {
  const { machine } = results
  const { databaseName, peerName } = ENGINES[results.engine]
  const blocks = [
    `${results.date.slice(0, 10)}, commit ${machine.commit}: ${machine.cpu}, ${String(machine.cores)} cores, load ${machine.loadBefore.toFixed(1)} before; Node ${machine.node.slice(1)}, ` +
      `${databaseName}, ${peerName} ${machine.peer}; ${String(results.rounds)} rounds of ${String(results.seconds)} s.`,
    ...statementTables(results),
    ...rowsTable(results),
    ...memoryTable(results),
    ...decisionTable(results),
    ...startLine(results),
  ]
  return `${blocks.join('\n\n')}\n`
}

function statementTables(results: Results): string[] {
  const { statements } = results
  if (statements === null) return []
  const heads = headsOf(results)
  const { loadName, latencyOf, peerName, throughputTarget, cpuTarget } = ENGINES[results.engine]
  const roads = ROADS.map((road) => heads[road])
  const name = ({ workload }: (typeof statements)[number]): string => `${workload.name}, ${String(workload.clients)}`
  const least = (to: 'peer' | 'relay'): string =>
    throughputTarget.to === to ? ` (≥ ${String(throughputTarget.least)})` : ''
  return [
    `**${loadName}, statements per second** (medians; ratios: median over the rounds, then each round)`,
    table(
      [
        'workload, clients',
        ...roads,
        `gateway / ${peerName}${least('peer')}`,
        'gateway / direct',
        `gateway / relay${least('relay')}`,
      ],
      statements.map((row) => [
        name(row),
        ...ROADS.map((road) => whole(row.roads[road].statementsPerSecond)),
        ratio(row.ratios.throughputToPeer),
        ratio(row.ratios.throughputToDirect),
        ratio(row.ratios.throughputToRelay),
      ]),
    ),
    '**CPU microseconds per statement**, all threads: of what stands between (in brackets: in its own code, not the kernel), and of the database',
    table(
      [
        'workload, clients',
        peerName,
        'gateway',
        'Node relay',
        `gateway / ${peerName}${cpuTarget === null ? '' : ` (≤ ${String(cpuTarget)})`}`,
        'gateway / relay',
        'database: direct',
        `through ${peerName}`,
        'through gateway',
      ],
      statements.map((row) => [
        name(row),
        ...(['peer', 'gateway', 'relay'] as const).map((road) => cpu(row.roads[road])),
        ratio(row.ratios.cpuToPeer),
        ratio(row.ratios.cpuToRelay),
        ...(['direct', 'peer', 'gateway'] as const).map((road) => row.roads[road].databaseCpuMicroseconds.toFixed(1)),
      ]),
    ),
    `**Latency of a ${latencyOf} in microseconds**, p50 / p99`,
    table(
      ['workload, clients', ...roads],
      statements.map((row) => [
        name(row),
        ...ROADS.map((road) => `${whole(row.roads[road].p50Microseconds)} / ${whole(row.roads[road].p99Microseconds)}`),
      ]),
    ),
  ]
}

function rowsTable(results: Results): string[] {
  const { rows } = results
  if (rows === null) return []
  const heads = headsOf(results)
  return [
    '**100,000 rows × 6 columns**, wall time in milliseconds, and as a ratio to direct',
    table(
      [
        'format, masked columns',
        ...ROADS.map((road) => heads[road]),
        'MB',
        'gateway / direct (≤ 1.3)',
        `${heads.peer} / direct`,
        'relay / direct',
        `CPU ms: ${heads.peer}`,
        'gateway',
        'Node relay',
      ],
      rows.map((row) => [
        `${row.format}, ${String(row.masked)}`,
        ...ROADS.map((road) => whole(row.milliseconds[road])),
        row.megabytes.toFixed(1),
        `**${row.toDirect.gateway.toFixed(2)}** (${Math.min(...row.gatewayRounds).toFixed(2)}–${Math.max(...row.gatewayRounds).toFixed(2)})`,
        row.toDirect.peer.toFixed(2),
        row.toDirect.relay.toFixed(2),
        ...(['peer', 'gateway', 'relay'] as const).map((road) => whole(row.cpuMilliseconds[road])),
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
        'TLS sockets alone',
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
        row.socketsKib?.toFixed(1) ?? '',
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
    ...(decisions.parser.length === 0
      ? []
      : [
          '**Parser alone**, microseconds: lexer and parser, no names, no cache',
          table(
            ['text', 'p50', 'p99'],
            decisions.parser.map((timing) => [
              `${whole(timing.bytes)} bytes`,
              timing.p50Microseconds.toFixed(1),
              timing.p99Microseconds.toFixed(1),
            ]),
          ),
        ]),
  ]
}

function startLine({ start }: Results): string[] {
  if (start === null) return []
  return [
    `**Start of the process to listening**: ${whole(start.median)} ms (median of ${start.milliseconds.map(whole).join(', ')}; target ≤ 1,000), ${whole(start.cpuMilliseconds)} ms of CPU`,
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

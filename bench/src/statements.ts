import type { Options } from './options.ts'
import type { PgbenchResult, QueryMode } from './pgbench.ts'
import { cpuSecondsOfFamily } from './process-figures.ts'
import { ROADS, type RoadName, type Scene } from './scene.ts'
import { median } from './statistics.ts'

/** What one road showed in one case: medians over the rounds. */
export interface RoadFigures {
  readonly statementsPerSecond: number
  readonly p50Microseconds: number
  readonly p99Microseconds: number
  /** CPU microseconds a statement: of what stands between, and of the database. */
  readonly proxyCpuMicroseconds: number
  /** Of that, in its own code; the rest is the kernel's. */
  readonly proxyUserMicroseconds: number
  readonly databaseCpuMicroseconds: number
}

/** `pgbench -S` in one mode with so many clients. */
export interface StatementCase {
  readonly mode: QueryMode
  readonly clients: number
  readonly roads: Readonly<Record<RoadName, RoadFigures>>
  /** One for each round, and their medians. */
  readonly ratios: Readonly<Record<RatioName, { readonly rounds: readonly number[]; readonly median: number }>>
}

export type RatioName = 'throughputToPgbouncer' | 'throughputToDirect' | 'throughputToRelay' | 'cpuToPgbouncer'

/** Measures throughput, latency and CPU time of small statements on every road, in turn. */
export async function measureStatements(
  scene: Scene,
  options: Options,
  tell: (text: string) => void,
): Promise<StatementCase[]> {
  const modes: readonly QueryMode[] = options.quick ? ['simple', 'prepared'] : ['simple', 'extended', 'prepared']
  const counts = options.quick ? [8, 64] : [1, 8, 64]
  const cases: StatementCase[] = []
  for (const mode of modes) {
    for (const clients of counts) {
      const rounds: Partial<Record<RoadName, PgbenchResult>>[] = []
      for (let round = 0; round < options.rounds; round++) {
        const results: Partial<Record<RoadName, PgbenchResult>> = {}
        for (const road of scene.roads) {
          const sample = (): readonly number[] => {
            const { user, system } = road.cpuSeconds()
            return [cpuSecondsOfFamily(scene.server.pid), user, system]
          }
          results[road.name] = await scene.pgbench.selectOnly(
            road.address,
            { mode, clients, seconds: options.seconds },
            sample,
          )
        }
        rounds.push(results)
      }
      const measured = summarise(mode, clients, rounds)
      cases.push(measured)
      const { throughputToPgbouncer, cpuToPgbouncer } = measured.ratios
      tell(
        `pgbench -S ${mode}, ${String(clients)} clients: gateway/PgBouncer ${throughputToPgbouncer.median.toFixed(2)}, CPU ${cpuToPgbouncer.median.toFixed(2)}`,
      )
    }
  }
  return cases
}

function summarise(
  mode: QueryMode,
  clients: number,
  rounds: readonly Partial<Record<RoadName, PgbenchResult>>[],
): StatementCase {
  const over = (road: RoadName, figure: (result: PgbenchResult) => number): number[] =>
    rounds.flatMap((results) => {
      const result = results[road]
      return result === undefined ? [] : [figure(result)]
    })
  const roads = Object.fromEntries(
    ROADS.map((road): [RoadName, RoadFigures] => [
      road,
      {
        statementsPerSecond: median(over(road, (result) => result.statementsPerSecond)),
        p50Microseconds: median(over(road, (result) => result.p50Microseconds)),
        p99Microseconds: median(over(road, (result) => result.p99Microseconds)),
        proxyCpuMicroseconds: median(over(road, proxyCpu)),
        proxyUserMicroseconds: median(over(road, (result) => perStatement(result, 1))),
        databaseCpuMicroseconds: median(over(road, (result) => perStatement(result, 0))),
      },
    ]),
  ) as Record<RoadName, RoadFigures>
  const ratio = (figure: (result: PgbenchResult) => number, to: RoadName): { rounds: number[]; median: number } => {
    const others = over(to, figure)
    const values = over('gateway', figure).map((value, round) => value / (others[round] ?? Number.NaN))
    return { rounds: values, median: median(values) }
  }
  const throughput = (result: PgbenchResult): number => result.statementsPerSecond
  return {
    mode,
    clients,
    roads,
    ratios: {
      throughputToPgbouncer: ratio(throughput, 'pgbouncer'),
      throughputToDirect: ratio(throughput, 'direct'),
      throughputToRelay: ratio(throughput, 'relay'),
      cpuToPgbouncer: ratio(proxyCpu, 'pgbouncer'),
    },
  }
}

function proxyCpu(result: PgbenchResult): number {
  return perStatement(result, 1) + perStatement(result, 2)
}

/** Microseconds a statement of the database (0), of the proxy's own code (1), of the kernel for it (2). */
function perStatement({ sampled, statementsSampled }: PgbenchResult, what: 0 | 1 | 2): number {
  return ((sampled[what] ?? 0) * 1e6) / statementsSampled
}

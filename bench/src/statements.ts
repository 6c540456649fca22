import type { LoadResult, Workload } from './engine.ts'
import type { Options } from './options.ts'
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

/** One workload on every road. */
export interface StatementCase {
  readonly workload: Workload
  readonly roads: Readonly<Record<RoadName, RoadFigures>>
  /** One for each round, and their medians. */
  readonly ratios: Readonly<Record<RatioName, { readonly rounds: readonly number[]; readonly median: number }>>
}

export type RatioName = 'throughputToPeer' | 'throughputToDirect' | 'throughputToRelay' | 'cpuToPeer' | 'cpuToRelay'

/** Measures throughput, latency and CPU time of small statements on every road, in turn. */
export async function measureStatements(
  scene: Scene,
  options: Options,
  tell: (text: string) => void,
): Promise<StatementCase[]> {
  const cases: StatementCase[] = []
  for (const workload of scene.engine.workloads(options.quick)) {
    const rounds: Partial<Record<RoadName, LoadResult>>[] = []
    const count = workload.lessRounds === true ? Math.max(1, options.rounds - 1) : options.rounds
    for (let round = 0; round < count; round++) {
      const results: Partial<Record<RoadName, LoadResult>> = {}
      for (const road of scene.roads) {
        const sample = (): readonly number[] => {
          const { user, system } = road.cpuSeconds()
          return [cpuSecondsOfFamily(scene.database.pid), user, system]
        }
        results[road.name] = await scene.database.load.run(road.address, workload, options.seconds, sample)
      }
      rounds.push(results)
    }
    const measured = summarise(workload, rounds)
    cases.push(measured)
    const { throughputToPeer, throughputToRelay, cpuToPeer, cpuToRelay } = measured.ratios
    tell(
      `${workload.name}, ${String(workload.clients)} clients: gateway/${scene.engine.peerName} ${throughputToPeer.median.toFixed(2)}, CPU ${cpuToPeer.median.toFixed(2)}; ` +
        `gateway/relay ${throughputToRelay.median.toFixed(2)}, CPU ${cpuToRelay.median.toFixed(2)}`,
    )
  }
  return cases
}

function summarise(workload: Workload, rounds: readonly Partial<Record<RoadName, LoadResult>>[]): StatementCase {
  const over = (road: RoadName, figure: (result: LoadResult) => number): number[] =>
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
  const ratio = (figure: (result: LoadResult) => number, to: RoadName): { rounds: number[]; median: number } => {
    const others = over(to, figure)
    const values = over('gateway', figure).map((value, round) => value / (others[round] ?? Number.NaN))
    return { rounds: values, median: median(values) }
  }
  const throughput = (result: LoadResult): number => result.statementsPerSecond
  return {
    workload,
    roads,
    ratios: {
      throughputToPeer: ratio(throughput, 'peer'),
      throughputToDirect: ratio(throughput, 'direct'),
      throughputToRelay: ratio(throughput, 'relay'),
      cpuToPeer: ratio(proxyCpu, 'peer'),
      cpuToRelay: ratio(proxyCpu, 'relay'),
    },
  }
}

function proxyCpu(result: LoadResult): number {
  return perStatement(result, 1) + perStatement(result, 2)
}

/** Microseconds a statement of the database (0), of the proxy's own code (1), of the kernel for it (2). */
function perStatement({ sampled, statementsSampled }: LoadResult, what: 0 | 1 | 2): number {
  return ((sampled[what] ?? 0) * 1e6) / statementsSampled
}

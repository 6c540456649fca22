import type { CountingClient } from './engine.ts'
import type { Options } from './options.ts'
import { type Road, ROADS, type RoadName, type Scene } from './scene.ts'
import { median } from './statistics.ts'

/** Wall time of 100,000 rows of 6 columns. */
export interface RowsCase {
  /** One of the engine's. */
  readonly format: string
  /** Columns with a mask over them, on the gateway's road. */
  readonly masked: 0 | 2
  /** Median milliseconds over the rounds. */
  readonly milliseconds: Readonly<Record<RoadName, number>>
  /** CPU milliseconds that what stands between spent on one result: mean over the rounds. */
  readonly cpuMilliseconds: Readonly<Record<RoadName, number>>
  /** Megabytes that came on the direct road. */
  readonly megabytes: number
  /** To the direct road: one for each round of the gateway's, and the medians of all. */
  readonly gatewayRounds: readonly number[]
  readonly toDirect: Readonly<Record<RoadName, number>>
}

const ROWS = 100_000

/** Measures large results on every road, in turn, with a client that only counts. */
export async function measureRows(scene: Scene, options: Options, tell: (text: string) => void): Promise<RowsCase[]> {
  const clients: { readonly road: Road; readonly client: CountingClient }[] = []
  for (const road of scene.roads) clients.push({ road, client: await scene.engine.connect(road.address) })
  const rounds = options.rounds * 4
  const cases: RowsCase[] = []
  try {
    for (const format of scene.engine.rowFormats) {
      for (const masked of [0, 2] as const) {
        const table = masked === 0 ? 'people_plain' : 'people_masked'
        const times = Object.fromEntries(ROADS.map((road): [RoadName, number[]] => [road, []])) as Record<
          RoadName,
          number[]
        >
        const cpu: Record<RoadName, number> = { direct: 0, peer: 0, gateway: 0, relay: 0 }
        let bytes = 0
        // The first round warms up.
        for (let round = -1; round < rounds; round++) {
          for (const { road, client } of clients) {
            const { name } = road
            const before = road.cpuSeconds()
            const answer = await client.people(format, table)
            if (answer.rows !== ROWS) throw new Error(`${name} brought ${String(answer.rows)} rows`)
            if (name === 'direct') bytes = answer.bytes
            const after = road.cpuSeconds()
            if (round < 0) continue
            times[name].push(answer.milliseconds)
            cpu[name] += ((after.user - before.user + after.system - before.system) * 1000) / rounds
          }
        }
        const ratios = (road: RoadName): number[] =>
          times[road].map((value, round) => value / (times.direct[round] ?? Number.NaN))
        const each = (figure: (road: RoadName) => number): Record<RoadName, number> =>
          Object.fromEntries(ROADS.map((road): [RoadName, number] => [road, figure(road)])) as Record<RoadName, number>
        const measured: RowsCase = {
          format,
          masked,
          megabytes: bytes / 1e6,
          milliseconds: each((road) => median(times[road])),
          cpuMilliseconds: cpu,
          gatewayRounds: ratios('gateway'),
          toDirect: each((road) => median(ratios(road))),
        }
        cases.push(measured)
        tell(
          `100,000 rows, ${format}, ${String(masked)} columns masked: ${measured.toDirect.gateway.toFixed(2)} of direct`,
        )
      }
    }
  } finally {
    for (const { client } of clients) client.close()
  }
  return cases
}

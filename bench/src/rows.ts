import type { Options } from './options.ts'
import { ROADS, type RoadName, type Scene } from './scene.ts'
import { median } from './statistics.ts'
import { type Answer, WireClient } from './wire-client.ts'

/** Wall time of 100,000 rows of 6 columns. */
export interface RowsCase {
  /** Of SELECT, by simple and extended query, or of COPY. */
  readonly format: (typeof FORMATS)[number]
  /** Columns with a mask over them, on the gateway's road. */
  readonly masked: 0 | 2
  /** Median milliseconds over the rounds. */
  readonly milliseconds: Readonly<Record<RoadName, number>>
  /** Megabytes that came on the direct road. */
  readonly megabytes: number
  /** To the direct road: one for each round of the gateway's, and the medians of all. */
  readonly gatewayRounds: readonly number[]
  readonly toDirect: Readonly<Record<RoadName, number>>
}

const ROWS = 100_000

const FORMATS = ['text', 'binary', 'COPY text', 'COPY csv', 'COPY binary'] as const

/** Measures large results on every road, in turn, with a client that only counts. */
export async function measureRows(scene: Scene, options: Options, tell: (text: string) => void): Promise<RowsCase[]> {
  const clients: { readonly name: RoadName; readonly client: WireClient }[] = []
  for (const { name, address } of scene.roads) clients.push({ name, client: await WireClient.connect(address) })
  const rounds = options.rounds * 4
  const cases: RowsCase[] = []
  try {
    for (const format of FORMATS) {
      for (const masked of [0, 2] as const) {
        const sql = `SELECT id, name, email, ssn, age, seen FROM people_${masked === 0 ? 'plain' : 'masked'}`
        const times = Object.fromEntries(ROADS.map((road): [RoadName, number[]] => [road, []])) as Record<
          RoadName,
          number[]
        >
        let bytes = 0
        // The first round warms up.
        for (let round = -1; round < rounds; round++) {
          for (const { name, client } of clients) {
            const answer = await ask(client, format, sql)
            if (answer.rows !== ROWS) throw new Error(`${name} brought ${String(answer.rows)} rows`)
            if (name === 'direct') bytes = answer.bytes
            if (round >= 0) times[name].push(answer.milliseconds)
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

async function ask(client: WireClient, format: RowsCase['format'], sql: string): Promise<Answer> {
  switch (format) {
    case 'text':
      return client.simple(sql)
    case 'binary':
      return client.binary(sql)
    case 'COPY text':
    case 'COPY csv':
      return client.simple(`COPY (${sql}) TO STDOUT (FORMAT ${format.slice(5)})`)
    case 'COPY binary': {
      const answer = await client.simple(`COPY (${sql}) TO STDOUT (FORMAT binary)`)
      // The end of the data is a message of its own.
      return { ...answer, rows: answer.rows - 1 }
    }
    default:
      return format satisfies never
  }
}

import { PostgresDestination, PostgresIndex } from '@gatehouse/audit-trail/postgres'
import { startPostgres } from '@gatehouse/test/servers/postgres.ts'
import type { Options } from '../../options.ts'
import { BEGUN, GeneratedTrail, SHAPE } from './generated-trail.ts'
import { typicalSearches } from './searches.ts'
import { knownValues, type TimedSearch, timeSearch } from './time-searches.ts'

/** What p95 of every typical search must be below, in milliseconds. */
const TARGET = 200
/** Records of one delivery. */
const BATCH = 2_000
const RUNS = { quick: 20, whole: 60 }
const DAY = 86_400_000

/**
 * Fills a PostgreSQL of its own with records, the way they are shipped there, and makes each typical search many times. As Markdown. The server's
 * folder is gone when it ends; a `--database` of the caller's stays, and is filled once.
 */
export async function measureSearch(options: Options, tell: (text: string) => void): Promise<string> {
  if (options.database !== null) return await searchIn(options.database, options, tell)
  const server = await startPostgres({
    version: 18,
    tls: false,
    settings: { shared_buffers: '1GB', max_wal_size: '2GB', autovacuum: 'on', jit: 'on' },
  })
  try {
    return await searchIn(server.url, options, tell)
  } finally {
    await server.stop()
  }
}

async function searchIn(url: string, options: Options, tell: (text: string) => void): Promise<string> {
  const filled = await fill(url, options.records, tell)
  const index = new PostgresIndex({ url, ca: null })
  try {
    const days = [0.5, 3.4, 8.6, 14.5, 20.4, 27.6].map((day) => new Date(BEGUN + day * DAY).toISOString())
    const known = await knownValues(index, days)
    const timed: TimedSearch[] = []
    for (const search of typicalSearches(known)) {
      timed.push(await timeSearch(index, search, options.quick ? RUNS.quick : RUNS.whole))
      const last = timed.at(-1)
      if (last !== undefined) tell(`${last.name}: p95 ${last.p95.toFixed(0)} ms`)
    }
    return asTable(options, filled, timed)
  } finally {
    await index.close()
  }
}

/** Seconds that it took; null: the database holds these trails already. */
async function fill(url: string, records: number, tell: (text: string) => void): Promise<number | null> {
  const destination = new PostgresDestination({ url, ca: null })
  const trails = ['gateway-1', 'gateway-2'].map((gateway, at) => new GeneratedTrail(gateway, at + 7, records / 2))
  const begun = performance.now()
  let generating = 0
  let done = 0
  let told = 0
  try {
    const kept = await Promise.all(trails.map((trail) => destination.position(trail)))
    if (kept.some((position) => position > 0)) return null
    while (done < records) {
      for (const trail of trails) {
        const before = performance.now()
        const batch = trail.next(BATCH)
        generating += performance.now() - before
        await destination.deliver(trail, batch)
        done += batch.length
      }
      if (done - told >= records / 20)
        tell(`${done} records after ${((performance.now() - begun) / 1_000).toFixed(0)} s`)
      if (done - told >= records / 20) told = done
    }
  } finally {
    await destination.close()
  }
  return (performance.now() - begun - generating) / 1_000
}

function asTable(options: Options, seconds: number | null, timed: readonly TimedSearch[]): string {
  const late = timed.filter(({ p95 }) => p95 >= TARGET)
  const number = (value: number): string => Math.round(value).toLocaleString('en-US')
  const shipped =
    seconds === null
      ? ''
      : `; shipped in ${number(seconds)} s (${number(options.records / seconds)} a second, one connection)`
  return [
    `${number(options.records)} records of ${SHAPE.days} days, two gateways${shipped}. Each search ${options.quick ? RUNS.quick : RUNS.whole} times, each time for another value.`,
    '',
    '| search | p50, ms | p95, ms | most, ms | |',
    '| --- | ---: | ---: | ---: | --- |',
    ...timed.map(
      ({ name, p50, p95, most, complete }) =>
        `| ${name} | ${p50.toFixed(1)} | **${p95.toFixed(1)}** | ${most.toFixed(1)} | ${[p95 < TARGET ? '' : 'late', complete === false ? 'the newest rows alone' : ''].filter((said) => said !== '').join('; ')} |`,
    ),
    '',
    late.length === 0
      ? `p95 of every search is below ${TARGET} ms.`
      : `p95 is not below ${TARGET} ms: ${late.map(({ name }) => name).join('; ')}.`,
  ].join('\n')
}

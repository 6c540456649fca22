import { loadavg } from 'node:os'
import { firstColumn } from '@gatehouse/test/servers/postgres.ts'
import { openStorm, type Storm } from '@gatehouse/test/rights/storm.ts'
import { startRedis } from '@gatehouse/test/servers/redis.ts'
import type { Options } from './options.ts'
import { median } from './statistics.ts'

/** Until all of them have ended. */
const TARGET_MILLISECONDS = 1_000
const SESSIONS = {
  whole: { sessions: 1_000, running: 50, held: 10, others: 50 },
  quick: { sessions: 200, running: 10, held: 5, others: 20 },
}

/** One revocation, in milliseconds from its acceptance on. */
interface Measured {
  /** Until half of the sessions were told, and closed; and until the last was. */
  readonly half: number
  readonly all: number
  /** Until the database's own list of what runs had nothing of theirs. */
  readonly cancelled: number
}

/** How long after a revocation the sessions of its principal end, on two gateways over Redis. As Markdown. */
export async function measureRevocation(options: Options, tell: (text: string) => void): Promise<string> {
  const sizes = options.quick ? SESSIONS.quick : SESSIONS.whole
  const redis = await startRedis({})
  const measured: (Measured & { readonly load: number })[] = []
  try {
    for (let round = 0; round < options.rounds; round++) {
      tell(`opening ${String(sizes.sessions)} sessions on two gateways`)
      const storm = await openStorm({ redis, ...sizes })
      try {
        await runningAre(storm, sizes.running)
        const load = loadavg()[0] ?? 0
        measured.push({ ...(await measure(storm)), load })
      } finally {
        await storm.close()
      }
    }
  } finally {
    await redis.stop()
  }
  const rows = measured.map(({ half, all, cancelled, load }) =>
    [half, all, cancelled]
      .map((one) => `${one.toFixed(0)} |`)
      .join(' ')
      .concat(` ${load.toFixed(1)} |`),
  )
  return [
    `${String(sizes.sessions)} sessions of one principal on two gateways, ${String(sizes.running)} of them running a statement, ${String(sizes.held)} holding one; ${String(sizes.others)} of another, none of which ended. Milliseconds from the acceptance of the revocation on; all sessions must have ended within ${String(TARGET_MILLISECONDS)}.`,
    '',
    '| half have ended | all have ended | nothing runs any more | load |',
    '| ---: | ---: | ---: | ---: |',
    ...rows.map((row) => `| ${row}`),
    '',
    `Median until all have ended: **${median(measured.map(({ all }) => all)).toFixed(0)} ms**.`,
  ].join('\n')
}

async function measure(storm: Storm): Promise<Measured> {
  const closes: number[] = []
  const closed = storm.leaving.map(
    ({ socket }) =>
      new Promise<void>((resolve) => socket.once('close', () => resolve(void closes.push(performance.now())))),
  )
  await storm.revoke()
  const accepted = performance.now()
  const [cancelled] = await Promise.all([runningAre(storm, 0).then(() => performance.now()), ...closed])
  for (const client of storm.staying)
    if ((await client.rows('select 1')).length !== 1) throw new Error('a session ended that nobody revoked')
  const after = (at: number | undefined): number => Math.max(0, (at ?? 0) - accepted)
  return { half: after(closes[closes.length >> 1]), all: after(closes.at(-1)), cancelled: after(cancelled) }
}

/** Waits until so many statements of these sessions run. */
async function runningAre({ server }: Storm, count: number): Promise<void> {
  const running = `select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'`
  while ((await firstColumn(server.url, [running]))[0] !== String(count))
    await new Promise((resolve) => setTimeout(resolve, 20))
}

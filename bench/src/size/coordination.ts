import { setTimeout as sleep } from 'node:timers/promises'
import { startInstallation } from '@gatehouse/test/harness/installation.ts'
import { WireClient } from '@gatehouse/test/postgres/wire-client.ts'
import { createDatabase, startPostgres } from '@gatehouse/test/servers/postgres.ts'
import { startRedis } from '@gatehouse/test/servers/redis.ts'
import { accountOf, commandsBetween, type RedisAccount } from './redis-account.ts'
import { fleetRows } from './fleet-cost.ts'

/** How often each thing is done. */
export interface CoordinationOptions {
  readonly logins: number
  readonly held: number
  readonly seconds: number
  /** Of how many gateways it is measured what they ask when they do nothing, and what a login costs among them. */
  readonly gateways: readonly number[]
}

const POLICY = `
rules:
  - { name: read, who: { groups: [ai-agents] }, allow: { actions: [select], relations: ["*"], functions: ["*"] } }
  - name: writes-need-a-human
    who: { groups: [ai-agents] }
    approve: { actions: [update], relations: [public.*], by: { groups: [dba] }, holdTimeoutSeconds: 60 }
limits:
  - { name: few, who: { groups: [limited] }, statementsPerMinute: 100000 }
`

/** One thing, and what it asked of Redis beyond what nothing at all asks in as long. */
interface Asked {
  readonly what: string
  readonly requests: number
  readonly commands: number
  readonly cpuMicroseconds: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly names: string
}

/** What gateways ask of Redis, by Redis' own account. As Markdown. */
export async function measureCoordination(options: CoordinationOptions, tell: (text: string) => void): Promise<string> {
  const redis = await startRedis({})
  const closers: (() => Promise<unknown>)[] = [() => redis.stop()]
  try {
    const server = await startPostgres({ version: 18 })
    closers.push(() => server.stop())
    const sql = 'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 1)'
    await createDatabase(server, 'size', sql)
    const { host, port, superuser: user, password } = server
    const installation = await startInstallation({
      redis,
      targets: { shop: { host, port, database: 'size', user, password } },
      policy: POLICY,
      gateways: 1,
      admins: 1,
      monitored: true,
    })
    closers.push(() => installation.close())
    const [gateway] = installation.gateways
    const at = { host: '127.0.0.1', port: gateway?.ports['postgres'] ?? 0 }
    const enter = async (claims: Readonly<Record<string, unknown>>): Promise<WireClient> =>
      WireClient.login(at, { database: 'shop', password: await installation.token(claims) })
    const operationsOf = async (): Promise<number> => operations(gateway?.ports['monitoring'] ?? 0)
    const measure = async (work: () => Promise<number>): Promise<Measured> => {
      const [before, asked, begun] = [await accountOf(redis), await operationsOf(), performance.now()]
      const times = await work()
      // What is told once a second has been told.
      await sleep(1500)
      const seconds = (performance.now() - begun) / 1000
      return { before, after: await accountOf(redis), requests: (await operationsOf()) - asked, seconds, times }
    }
    ;(await enter({})).destroy()
    await sleep(1000)
    const nothing = await measure(async () => {
      await sleep(options.seconds * 1000)
      return 1
    })
    tell('what is asked when nothing is done is known')
    const beyond = (what: string, measured: Measured): Asked => asked(what, measured, nothing)
    const rows: Asked[] = []
    const logins = await measure(async () => {
      const token = await installation.token({ sub: 'logins' })
      for (let done = 0; done < options.logins; done++)
        (await WireClient.login(at, { database: 'shop', password: token })).destroy()
      return options.logins
    })
    rows.push(beyond('a session, from login to end', logins))
    for (const [what, groups] of [
      ['a statement', ['ai-agents']],
      ['a statement under `statementsPerMinute: 100000`', ['ai-agents', 'limited']],
    ] as const) {
      const client = await enter({ sub: what, groups })
      const measured = await measure(async () => {
        const until = performance.now() + options.seconds * 1000
        let done = 0
        for (; performance.now() < until; done++) await client.rows('SELECT amount FROM stock WHERE id = 1')
        return done
      })
      client.destroy()
      rows.push(beyond(`${what} (${(measured.times / options.seconds).toFixed(0)} a second in one session)`, measured))
      if (groups.length === 1)
        rows.push(beyond('a second of one session that works', { ...measured, times: Math.round(measured.seconds) }))
    }
    const dana = await installation.person('dana', installation.admins[0]?.ports['http'])
    const client = await enter({ sub: 'holds' })
    const held = await measure(async () => {
      for (let done = 0; done < options.held; done++) {
        const answered = client.query('UPDATE stock SET amount = amount + 1 WHERE id = 1')
        const { id } = await dana.held()
        await dana.approve(id)
        const messages = await answered
        if (messages.some(({ kind }) => kind === 'ErrorResponse')) throw new Error('an approved statement did not run')
      }
      return options.held
    })
    client.destroy()
    rows.push(beyond('a held statement: asked, approved over the API, run (requests: the gateway’s own)', held))
    tell('logins, statements and held ones are known')
    const idle = asked('', { ...nothing, times: nothing.seconds }, null)
    return [
      `**What is asked of Redis**, by its own account (\`INFO commandstats\`, \`cpu\`, \`stats\`); requests by the gateway's own count. Beyond what one gateway and one admin service that do nothing ask for in as long: ${idle.requests.toFixed(1)} requests of the gateway a second, ${idle.commands.toFixed(0)} commands of both together (scripts run several each), ${idle.cpuMicroseconds.toFixed(0)} µs of Redis' CPU.`,
      '',
      '| for | requests | commands, those within scripts too | Redis CPU µs | bytes to Redis, from it | of it |',
      '| --- | ---: | ---: | ---: | ---: | --- |',
      ...rows.map(
        ({ what, requests, commands, cpuMicroseconds, bytesIn, bytesOut, names }) =>
          `| ${what} | ${figure(requests)} | ${figure(commands)} | ${figure(cpuMicroseconds)} | ${figure(bytesIn)}, ${figure(bytesOut)} | ${names} |`,
      ),
      '',
      ...(await fleetRows(redis, options, tell)),
    ].join('\n')
  } finally {
    for (const closer of closers.toReversed()) await closer()
  }
}

interface Measured {
  readonly before: RedisAccount
  readonly after: RedisAccount
  readonly requests: number
  readonly seconds: number
  /** How often the thing was done. */
  readonly times: number
}

/** One time of it; `nothing`: what is taken off for as long. */
function asked(what: string, measured: Measured, nothing: Measured | null): Asked {
  const each = (of: (measured: Measured) => number): number => {
    const always = nothing === null ? 0 : (of(nothing) / nothing.seconds) * measured.seconds
    return Math.max(0, of(measured) - always) / measured.times
  }
  const commands = commandsBetween(measured.before, measured.after)
  const names = [...commands.byName.keys()]
    .map((name) => ({ name, times: each(({ before, after }) => commandsBetween(before, after).byName.get(name) ?? 0) }))
    .filter(({ times }) => times >= 0.5)
    .toSorted((a, b) => b.times - a.times)
    .map(({ name, times }) => `${name} ${figure(times)}`)
  return {
    what,
    requests: each(({ requests }) => requests),
    commands: each(({ before, after }) => commandsBetween(before, after).all),
    cpuMicroseconds: each(({ before, after }) => (after.cpuSeconds - before.cpuSeconds) * 1e6),
    bytesIn: each(({ before, after }) => after.bytesIn - before.bytesIn),
    bytesOut: each(({ before, after }) => after.bytesOut - before.bytesOut),
    names: names.join(', ') || '-',
  }
}

async function operations(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()
  return Number(/^gatehouse_coordination_operations_total(?:\{[^}]*\})? (\S+)$/m.exec(metrics)?.[1] ?? Number.NaN)
}

/** With as many digits as it has to say. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.1 ? 4 : 2)
}

import type { BackendMessage, Report } from '@gatehouse/postgres-wire'
import { describe, expect } from 'vitest'
import { scenePromises, SHARED } from './scene.ts'
import type { WireClient } from './wire-client.ts'

const kinds = (messages: readonly BackendMessage[]): string[] => messages.map(({ kind }) => kind)

/** All that comes until the connection closes. */
async function untilClosed(client: WireClient): Promise<readonly BackendMessage[]> {
  const messages: BackendMessage[] = []
  for (let next = await client.next(); next !== null; next = await client.next()) messages.push(next)
  return messages
}

function expectWarningOf(message: BackendMessage | null | undefined): void {
  expect(message?.kind).toBe('NoticeResponse')
  const { fields } = message as Report
  expect(fields.get('S')).toBe('WARNING')
  expect(fields.get('C')).toBe('01000')
  expect(fields.get('M')).toMatch(/^gatehouse: the token of this session expires in \d seconds/)
  expect(JSON.parse(fields.get('D') ?? '')).toMatchObject({ code: 'TOKEN_EXPIRES' })
  expect(fields.get('H')).toContain('new token')
}

function expectEndOf(message: BackendMessage | undefined): void {
  expect(message?.kind).toBe('ErrorResponse')
  const { fields } = message as Report
  expect([fields.get('S'), fields.get('C')]).toEqual(['FATAL', '57P01'])
  expect(fields.get('D')).toContain('TOKEN_EXPIRED')
}

describe('a session whose token expires', () => {
  const promise = scenePromises(SHARED, { shared: { expiryWarningSeconds: 3 } })

  promise('is warned once, between two messages and in no COPY, then told why it ends', async ({ enter, admin }) => {
    await admin('create table kept(n int)')
    const exp = Math.floor(Date.now() / 1000) + 6
    const [idle, running, out, into, done] = await Promise.all([1, 2, 3, 4, 5].map(() => enter({ exp })))
    if (!idle || !running || !out || !into || !done) throw new Error('somebody could not log in')
    running.send({ kind: 'Query', text: 'select pg_sleep(60)' })
    const copied = `select repeat('x', 9000), pg_sleep(0.2) from generate_series(1, 600)`
    out.send({ kind: 'Query', text: `copy (${copied}) to stdout` })
    into.send({ kind: 'Query', text: 'copy kept from stdin' })
    done.send({ kind: 'Query', text: 'copy kept from stdin' })
    expect(kinds(await into.until('CopyInResponse'))).toContain('CopyInResponse')
    expect(kinds(await done.until('CopyInResponse'))).toContain('CopyInResponse')

    const warning = await idle.next()
    expectWarningOf(warning)
    // By now the others were told, too: this one ends its COPY, and hears of it behind that.
    done.send({ kind: 'CopyDone' })
    const [first, ...more] = await untilClosed(done)
    expect(first?.kind).toBe('CommandComplete')
    expect(kinds(more).toSorted()).toEqual(['ErrorResponse', 'NoticeResponse', 'ReadyForQuery'])
    expectWarningOf(more.find(({ kind }) => kind === 'NoticeResponse'))

    const [end, ...none] = await untilClosed(idle)
    expectEndOf(end)
    expect(none).toEqual([])
    const ofRunning = await untilClosed(running)
    expect(kinds(ofRunning)).toEqual(['NoticeResponse', 'ErrorResponse'])
    expectWarningOf(ofRunning[0])
    expectEndOf(ofRunning[1])
    const ofOut = await untilClosed(out)
    expect(kinds(ofOut).filter((kind) => kind === 'NoticeResponse')).toEqual([])
    expect(ofOut.length).toBeGreaterThan(3)
    // Where it was in the middle of a message nothing more is said.
    if (ofOut.at(-1)?.kind !== 'CopyData') expectEndOf(ofOut.at(-1))
    expect(kinds(await untilClosed(into))).toEqual(['ErrorResponse'])
    await expect
      .poll(
        () =>
          admin(
            `select query from pg_stat_activity where state = 'active' and query like '%pg_sleep(%)%' and pid <> pg_backend_pid()`,
          ),
        {
          timeout: 20_000,
        },
      )
      .toEqual([])
    expect(await admin('select n from kept')).toEqual([])
  })
})

describe('where no warning is wished for', () => {
  const promise = scenePromises(SHARED, { shared: { expiryWarningSeconds: 0 } })

  promise('a session ends without one', async ({ enter }) => {
    const client = await enter({ exp: Math.floor(Date.now() / 1000) + 2 })
    const messages = await untilClosed(client)
    expect(kinds(messages)).toEqual(['ErrorResponse'])
    expectEndOf(messages[0])
  })
})

import { encodeSessionEnd, encodeSessionPart, encodeSessionStart } from '@gatehouse/core'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TrailDirectory } from '../fixtures/trail-directory.ts'
import { findCutSessions } from './cut-sessions.ts'
import type { TrailWriter } from './trail-writer.ts'

const sessionOf = (id: string) => ({
  id,
  principal: { subject: 'dana', actor: 'copilot', groups: ['agents'], issuer: 'https://idp' },
  target: 'shop',
  engine: 'postgres' as const,
})
const begin = (trail: TrailWriter, id: string): number =>
  trail.append(encodeSessionStart(encodeSessionPart(sessionOf(id)), '10.0.0.1', null, null, 'token'))
const intent = (trail: TrailWriter, id: string, effect = 'permit'): number =>
  trail.append(`"kind":"intent","session":"${id}","decision":{"effect":"${effect}"}`)
const outcome = (trail: TrailWriter, id: string, of: number): void =>
  trail.owe(`"kind":"outcome","session":"${id}","statement":{"intent":${String(of)}},"outcome":{"rows":1}`)
const end = (trail: TrailWriter, id: string): void =>
  trail.owe(encodeSessionEnd(encodeSessionPart(sessionOf(id)), 'client_closed', 5, 1))
const asked = (trail: TrailWriter, id: string, approval: string, what: string): number =>
  trail.append(`"kind":"approval_${what}","session":"${id}","approval":{"id":"${approval}"}`)

/** As a killed process leaves it: what is on the disk now, and no end. */
async function kill(directory: TrailDirectory, trail: TrailWriter): Promise<void> {
  trail.commit()
  const { segment } = trail
  const kept = [directory.file(segment), join(directory.path, 'head.json')].map(
    (path) => [path, readFileSync(path)] as const,
  )
  await trail.close()
  for (const [path, bytes] of kept) writeFileSync(path, bytes)
}

describe('A trail whose process was killed', () => {
  it('tells which sessions it cut off, and what is not known of each', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    for (const id of ['ended', 'running', 'idle', 'held']) begin(trail, id)
    const done = intent(trail, 'running')
    outcome(trail, 'running', done)
    intent(trail, 'running', 'deny')
    const lost = [intent(trail, 'running'), intent(trail, 'running')]
    outcome(trail, 'ended', intent(trail, 'ended'))
    end(trail, 'ended')
    asked(trail, 'held', 'first', 'asked')
    asked(trail, 'held', 'first', 'ended')
    asked(trail, 'held', 'second', 'asked')
    await kill(directory, trail)

    const next = await directory.open()
    expect(next.unended.left).toEqual({ from: 1, to: 1 })
    const cut = await findCutSessions(directory.path, next.unended.left ?? { from: 0, to: 0 })
    expect(cut.map(({ session, statements, unknown, waiting }) => [session.id, statements, unknown, waiting])).toEqual([
      ['running', 3, lost, []],
      ['idle', 0, [], []],
      ['held', 0, [], ['second']],
    ])
    expect(cut[0]?.session).toEqual(sessionOf('running'))
    await next.close()
  })

  it('is read from the segment that the oldest of its sessions began in', async () => {
    using directory = new TrailDirectory()
    let openFrom: number | null = null
    const trail = await directory.open({ segmentBytes: 600, openFrom: () => openFrom })
    for (let at = 0; at < 8; at++) {
      intent(trail, 'other')
      trail.commit()
    }
    openFrom = trail.segment
    begin(trail, 'old')
    for (let at = 0; at < 8; at++) {
      intent(trail, 'old')
      trail.commit()
    }
    const left = { from: openFrom, to: trail.segment }
    expect(left.to).toBeGreaterThan(left.from)
    await kill(directory, trail)
    const next = await directory.open()
    expect(next.unended.left).toEqual(left)
    expect(await findCutSessions(directory.path, left)).toMatchObject([{ session: { id: 'old' }, statements: 8 }])
    await next.close()
  })

  it('is looked through again by the next start, until it is accounted for', async () => {
    using directory = new TrailDirectory()
    const first = await directory.open()
    begin(first, 'a')
    begin(first, 'b')
    await kill(directory, first)
    // Killed too, when it had told of one.
    const second = await directory.open()
    end(second, 'a')
    await kill(directory, second)
    const third = await directory.open()
    expect(third.unended.left).toEqual({ from: 1, to: 2 })
    const cut = await findCutSessions(directory.path, third.unended.left ?? { from: 0, to: 0 })
    expect(cut.map(({ session }) => session.id)).toEqual(['b'])
    end(third, 'b')
    third.unended.accountedFor()
    expect(third.unended.left).toBe(null)
    await third.close()
    const fourth = await directory.open()
    expect(fourth.unended.left).toBe(null)
    await fourth.close()
  })

  it('has left nothing open where it was closed', async () => {
    using directory = new TrailDirectory()
    const trail = await directory.open()
    expect(trail.unended.left).toBe(null)
    begin(trail, 'a')
    end(trail, 'a')
    await trail.close()
    const next = await directory.open()
    expect(next.unended.left).toBe(null)
    await next.close()
  })
})

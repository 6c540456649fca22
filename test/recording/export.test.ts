import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect } from 'vitest'
import { ALLOW_ALL, scenePromises, VERSIONS } from '../postgres/scene.ts'
import { recordedSession } from './recorded.ts'

const MAIN = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))

/** What `gatehouse audit …` prints; rejects where its status is not 0. */
async function audit(...words: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'audit', ...words])
  return stdout
}

describe.each(VERSIONS.slice(0, 1))('a session on $version that is exported', ({ shared }) => {
  const promise = scenePromises(shared, { policy: ALLOW_ALL, recording: { mode: 'on' } })

  promise(
    'is JSON lines, CSV that no spreadsheet runs, a page whose texts are no markup, and a replay',
    async (scene) => {
      const { enter, gateway, records } = scene
      const client = await enter()
      await client.query(
        "select '=1+1' as \"<b>f</b>\", '-5' as n, null as nothing, '' as empty, '<script>alert(1)</script>\"''' as s, chr(27) || '[31m' as e",
      )
      await client.query("select '+cmd'")
      await client.end()
      const directory = gateway.trailDirectory
      const session = await recordedSession(directory)

      const lines = (await audit('export', directory, session)).trimEnd().split('\n')
      expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toContain('row')
      expect(lines.join('')).not.toContain('\u001b')

      const [first] = await records(({ kind, session: of }) => kind === 'intent' && of === session)
      const csv = await audit('export', directory, session, '--format', 'csv', '--statement', String(first?.seq))
      expect(csv.split('\r\n')).toEqual([
        '"<b>f</b>","n","nothing","empty","s","e"',
        `"'=1+1","-5",,"","<script>alert(1)</script>""'","\u001b[31m"`,
        '',
      ])
      expect(await audit('export', directory, session, '--format', 'csv')).toContain(`"'+cmd"`)

      const page = await audit('export', directory, session, '--format', 'html')
      expect(page).toContain('Verified: the trail is whole')
      expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
      expect(page).not.toMatch(/<script|<b>|\u001b/)

      const shown = await audit('replay', directory, session, '--speed', '1000')
      expect(shown).toContain('=1+1')
      expect(shown).not.toContain('\u001b')
      expect(await audit('replay', directory, session, '--from', String((first?.seq ?? 0) + 1))).not.toContain('=1+1')
      expect(await audit('verify', directory).catch((error: unknown) => String(error))).toMatch(/recordings/)
    },
    // It starts a dozen commands, one after the other.
    120_000,
  )

  promise('is the events that a collector is sent of it', async ({ enter, gateway, records }) => {
    const client = await enter()
    await client.query("select '\u202e', chr(10)")
    await client.end()
    const directory = gateway.trailDirectory
    const session = await recordedSession(directory)
    const told = (await audit('export', directory, session, '--format', 'ocsf')).trimEnd().split('\n')
    const events = told.map((line) => JSON.parse(line) as { class_uid: number; metadata: { sequence: number } })
    const kept = await records((record) => record.session === session && record.kind !== 'recording')
    expect(events.map(({ metadata }) => metadata.sequence)).toEqual(kept.map(({ seq }) => seq))
    expect(events[0]).toMatchObject({
      class_uid: 3002,
      activity_name: 'Logon',
      metadata: { event_code: 'session_start' },
    })
    expect(told.join('')).toMatch(/^[\x20-\x7e]+$/)
  })

  promise('says on its page that it is not whole when a byte was changed', async ({ enter, gateway }) => {
    const client = await enter()
    await client.query('select 1')
    await client.end()
    const directory = gateway.trailDirectory
    const session = await recordedSession(directory)
    const file = join(directory, '000001.recording')
    const bytes = readFileSync(file)
    const last = bytes.length - 5
    bytes[last] = (bytes[last] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const page = await audit('export', directory, session, '--format', 'html')
    expect(page).toContain('NOT WHOLE')
    expect(page).not.toContain('Verified')
    await expect(audit('verify', directory)).rejects.toThrow(/BROKEN recording/)
  })
})

import { describe, expect } from 'vitest'
import { query } from './messages.ts'
import { eventually, scenePromises, VERSIONS } from './scene.ts'
import { sqlstates } from './wire-client.ts'

describe.each(VERSIONS)('a result that is not what was read, on $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: `
rules:
  - name: read-and-write
    allow: { actions: [select, insert], relations: [public.*] }
masks:
  - columns: [public.people.ssn]
    with: redact
`,
    // A rule of the database makes an INSERT return rows, which nothing in its text says.
    sql: `create table people(id int, ssn text); insert into people values (1, 'CANARY-1');
          create table notes(body text);
          create rule tell as on insert to notes do also select ssn from people`,
  })

  promise('ends the session, shows nothing of it, and every intent has an outcome', async ({ enter, records }) => {
    const client = await enter()
    const seen = await client.exchange(query("insert into notes values ('x')")).catch(() => [])
    expect(JSON.stringify(seen)).not.toContain('CANARY')
    expect(sqlstates(seen).every((state) => state === '42501')).toBe(true)
    const outcomes = await eventually('the statement has an outcome', () => records(({ kind }) => kind === 'outcome'))
    expect(outcomes).toMatchObject([{ outcome: { error: 'unfinished' } }])
    expect(await records(({ kind }) => kind === 'alarm')).toMatchObject([{ alarm: { code: 'RESULT_MISMATCH' } }])
  })
})

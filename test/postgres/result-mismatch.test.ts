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
    sql: `create table people(id int, ssn text); insert into people values (1, 'CANARY-1');
          create table notes(body text)`,
  })

  promise('ends the session, shows nothing of it, and every intent has an outcome', async (scene) => {
    const alarms = (): Promise<unknown[]> => scene.records(({ kind }) => kind === 'alarm')
    // A rule that is made behind the gateway's back makes an INSERT return rows. It may see the rule in time: then once more.
    for (let tries = 0; tries < 5 && (await alarms()).length === 0; tries++) {
      const client = await scene.enter()
      await eventually('the gateway has seen that the rule is gone', async () =>
        sqlstates(await client.exchange(query("insert into notes values ('x')"))).length === 0 ? true : null,
      )
      await scene.admin('create rule tell as on insert to notes do also select ssn from people')
      const seen = await client.exchange(query("insert into notes values ('x')")).catch(() => [])
      expect(JSON.stringify(seen)).not.toContain('CANARY')
      expect(sqlstates(seen).every((state) => state === '42501')).toBe(true)
      await scene.admin('drop rule tell on notes')
      client.destroy()
    }
    expect(await alarms()).toMatchObject([{ alarm: { code: 'RESULT_MISMATCH' } }])
    const unfinished = await eventually('the statement has an outcome', async () => {
      const outcomes = await scene.records(({ kind, outcome }) => {
        return kind === 'outcome' && JSON.stringify(outcome).includes('unfinished')
      })
      return outcomes.length > 0 ? outcomes : null
    })
    expect(unfinished).toHaveLength(1)
  })
})

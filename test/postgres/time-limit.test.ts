import { describe, expect } from 'vitest'
import { query, run, SYNC } from './messages.ts'
import { eventually, scenePromises, VERSIONS } from './scene.ts'
import { errorOf, rowsOf, sqlstates, statusOf } from './wire-client.ts'

describe.each(VERSIONS)('A limit of secondsPerStatement, on $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
limits:
  - { name: short, secondsPerStatement: 1 }
`,
  })

  // The client's own timeout is no way around it.
  const ENDLESS = 'SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b'

  promise(
    'ends what runs for longer, in the words of a limit, and the connection goes on',
    async ({ enter, records }) => {
      const client = await enter()
      await client.query('SET statement_timeout = 0')
      for (const messages of [[query(ENDLESS)], [...run(ENDLESS), SYNC]]) {
        const seen = await client.exchange(...messages)
        expect(sqlstates(seen)).toEqual(['53400'])
        expect(errorOf(seen)?.fields.get('D')).toContain('"code":"TIME_LIMIT","rule":"short"')
        expect(statusOf(seen)).toBe('I')
      }
      await client.query('BEGIN')
      expect(statusOf(await client.exchange(query(ENDLESS)))).toBe('E')
      await client.query('ROLLBACK')
      expect(rowsOf(await client.query('SELECT 1'))).toEqual([['1']])
      await eventually('three outcomes say so', async () => {
        const outcomes = await records(
          ({ kind, outcome }) => kind === 'outcome' && JSON.stringify(outcome).includes('53400'),
        )
        return outcomes.length === 3
      })
    },
  )

  promise('counts for one statement, not for a session', async ({ enter }) => {
    const client = await enter()
    for (let step = 0; step < 5; step++) {
      expect(sqlstates(await client.query('SELECT pg_sleep(0.4)'))).toEqual([])
    }
    client.destroy()
  })
})

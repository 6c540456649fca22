import { describe, expect } from 'vitest'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { scenePromises, VERSIONS } from '../postgres/scene.ts'

const policy = (schema: string): string => `
rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: no-vault, mode: observe, deny: { relations: ["${schema}.vault"] } }
`
const SQL = 'CREATE TABLE vault (id int); CREATE TABLE plain (id int)'

/** What the records of statements say was observed, by text. */
function observedIn(records: readonly Readonly<Record<string, unknown>>[]): unknown {
  return records.flatMap(({ statement, observed }) => {
    const text: unknown = typeof statement === 'object' && statement !== null ? Reflect.get(statement, 'text') : null
    return typeof text === 'string' && /vault|plain/.test(text) ? [[text, observed ?? null]] : []
  })
}

const WANTED = [
  ['SELECT id FROM vault', [{ rule: 'no-vault', effect: 'deny' }]],
  ['SELECT id FROM plain', null],
]

// The gateway's words are the same for every version of a server.
describe.each(VERSIONS.slice(0, 1))('A rule that is only observed, on $version', ({ shared }) => {
  const promise = scenePromises(shared, () => ({ sql: SQL, policy: policy('public') }))
  promise('lets the statement run, and the record says what it would have done', async ({ enter, records }) => {
    const client = await enter()
    expect(await client.rows('SELECT id FROM vault')).toEqual([])
    expect(await client.rows('SELECT id FROM plain')).toEqual([])
    await client.end()
    expect(observedIn(await records(({ kind }) => kind === 'intent'))).toEqual(WANTED)
  })
})

describe.each(MYSQL_VERSIONS.slice(0, 1))('A rule that is only observed, on $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({ sql: SQL, policy: policy(database) }))
  promise('lets the statement run, and the record says what it would have done', async ({ driver, records }) => {
    const client = await driver()
    await client.query('SELECT id FROM vault')
    await client.query('SELECT id FROM plain')
    await client.end()
    expect(observedIn(await records(({ kind }) => kind === 'intent'))).toEqual(WANTED)
  })
})

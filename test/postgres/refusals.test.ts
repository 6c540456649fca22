import { readFileSync } from 'node:fs'
import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { describe, expect, test } from 'vitest'
import { bind, closeOf, describeOf, execute, FLUSH, parse, query, run, SYNC } from './messages.ts'
import { eventually, present, scenePromises, VERSIONS } from './scene.ts'
import { errorOf, sqlstates, statusOf, type WireClient } from './wire-client.ts'

const POLICY = `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: never-drop, deny: { actions: [drop] }, reason: Nothing is dropped here. }
`
/** Stands in a script for the statement that is refused by the gateway, and false for the server's own grammar. */
const REFUSED = '<refused>'
const MARKER = 'refused_text_marker'

/** Requests of one exchange each; `exchange` reads to the ReadyForQuery of every Sync and Query that gets one. */
interface Script {
  readonly says: string
  readonly steps: readonly Step[]
}
/** `ready`: how many ReadyForQuery to wait for, where that is not the number of Query and Sync. */
type Step = readonly FrontendMessage[] | { readonly send: readonly FrontendMessage[]; readonly ready: number }

const COUNT = query('select count(*) from t')
const insert = (n: number): FrontendMessage => query(`insert into t values (${String(n)})`)
const insertion = (n: number): FrontendMessage[] => run(`insert into t values (${String(n)})`)

const SCRIPTS: readonly Script[] = [
  { says: 'alone', steps: [[query(REFUSED)], [COUNT]] },
  {
    says: 'in the middle of a text',
    steps: [[query(`insert into t values (1); ${REFUSED}; insert into t values (2)`)], [COUNT]],
  },
  { says: 'first in a text', steps: [[query(`${REFUSED}; insert into t values (2)`)], [COUNT]] },
  {
    says: 'last in a text with a transaction',
    steps: [[query(`begin; insert into t values (1); commit; ${REFUSED}`)], [COUNT]],
  },
  {
    says: 'in a transaction',
    steps: [
      [query('begin')],
      [insert(1)],
      [query(REFUSED)],
      [query('select 1')],
      [query(REFUSED)],
      [query('commit')],
      [COUNT],
    ],
  },
  {
    says: 'behind a savepoint',
    steps: [
      [query('begin')],
      [insert(1)],
      [query('savepoint s')],
      [insert(2)],
      [query(REFUSED)],
      [query('rollback to s')],
      [insert(3)],
      [query('commit')],
      [query('select n from t order by n')],
    ],
  },
  {
    says: 'several queries sent at once',
    steps: [[insert(1), query(REFUSED), insert(2), query('select n from t order by n')]],
  },
  {
    says: 'several queries of a transaction sent at once',
    steps: [[query('begin'), insert(1), query(REFUSED), insert(2), query('rollback'), COUNT]],
  },
  { says: 'in Parse', steps: [[parse(REFUSED), SYNC], [COUNT]] },
  { says: 'in Parse, Bind and Execute', steps: [[...run(REFUSED), SYNC], [...insertion(1), SYNC], [COUNT]] },
  { says: 'in Parse and Describe', steps: [[parse(REFUSED), describeOf('statement'), SYNC], [COUNT]] },
  {
    says: 'in a pipeline: what came before it is undone',
    steps: [[...insertion(1), ...run(REFUSED), ...insertion(2), SYNC], [COUNT]],
  },
  {
    says: 'in a pipeline of two batches: the other is kept',
    steps: [[...insertion(1), ...run(REFUSED), SYNC, ...insertion(2), SYNC], [query('select n from t order by n')]],
  },
  { says: 'last in a pipeline', steps: [[...insertion(1), ...insertion(2), ...run(REFUSED), SYNC], [COUNT]] },
  {
    says: 'first in a pipeline, described',
    steps: [[parse(REFUSED), bind(), describeOf('portal'), execute(), ...insertion(1), SYNC], [COUNT]],
  },
  {
    says: 'in a transaction of extended queries',
    steps: [
      [...run('begin'), SYNC],
      [...insertion(1), SYNC],
      [...run(REFUSED), SYNC],
      [...run('select 1'), SYNC],
      [...run('commit'), SYNC],
      [COUNT],
    ],
  },
  {
    says: 'in a transaction in one pipeline',
    steps: [[...run('begin'), ...insertion(1), ...run(REFUSED), ...run('commit'), SYNC], [query('rollback')], [COUNT]],
  },
  {
    says: 'and Close behind it',
    steps: [
      [parse(REFUSED, 'a'), closeOf('statement', 'a'), SYNC],
      [parse('select 1', 'a'), SYNC],
      [bind([], 'a'), execute(), SYNC],
    ],
  },
  {
    says: 'under a name: the name stays free',
    steps: [
      [parse(REFUSED, 'a'), SYNC],
      [bind([], 'a'), execute(), SYNC],
      [parse('select 7', 'a'), bind([], 'a'), execute(), SYNC],
    ],
  },
  {
    says: 'under a name: others stay as they are',
    steps: [
      [parse('select 1', 'a'), SYNC],
      [parse(REFUSED, 'b'), SYNC],
      [bind([], 'a'), execute(), SYNC],
    ],
  },
  {
    says: 'unnamed: the unnamed statement before it is gone',
    steps: [
      [parse('select 1'), SYNC],
      [parse(REFUSED), SYNC],
      [bind(), execute(), SYNC],
    ],
  },
  {
    says: 'by simple query: the unnamed statement before it is gone',
    steps: [[parse('select 1'), SYNC], [query('select 2')], [bind(), execute(), SYNC]],
  },
  {
    says: 'and flushed: the error comes without Sync',
    steps: [{ send: [parse(REFUSED), FLUSH], ready: 0 }, [...insertion(1), SYNC], [COUNT]],
  },
  {
    says: 'a Query behind it in the same batch is skipped',
    steps: [{ send: [parse(REFUSED), query('select 1'), SYNC], ready: 1 }, [COUNT]],
  },
  {
    says: 'a portal of the transaction is gone with it',
    steps: [
      [query('begin')],
      [parse('select generate_series(1,5)'), bind([], '', 'p'), execute(2, 'p'), SYNC],
      [parse(REFUSED), SYNC],
      [execute(2, 'p'), SYNC],
      [query('rollback')],
    ],
  },
  {
    says: 'an empty query and a comment are no statements',
    steps: [[query('')], [query('-- nothing')], [...run(''), SYNC], [query(';;')]],
  },
]

describe.each(VERSIONS)('a refusal leaves the state of $version as a failed statement would', ({ shared }) => {
  const promise = scenePromises(shared, { policy: POLICY, sql: 'create table t(n int); create table keep(n int)' })

  for (const { says, steps } of SCRIPTS) {
    promise(says, async ({ admin, enter, direct }) => {
      const transcript = async (client: WireClient, text: string): Promise<string[][]> => {
        await admin('truncate t')
        const said: string[][] = []
        for (const step of steps) said.push(await exchange(client, replaced(step, text)))
        await client.end()
        return said
      }
      const through = await transcript(await enter(), `drop table keep /* ${MARKER} */`)
      const straight = await transcript(await direct(), 'selec this is no sql')
      expect(through).toEqual(straight)
    })
  }

  // Of what could not be read, the record keeps what can be no value.
  for (const [refused, recorded] of [
    ['drop table keep'],
    ['selec 1', 'selec [redacted]'],
    ["select '", 'select [redacted]'],
    ['set client_encoding = latin1'],
    ['select 1; drop table keep'],
  ] as const) {
    promise(`the same for ${refused}`, async ({ enter, records }) => {
      const client = await enter()
      for (const sent of [[query(refused)], [parse(refused), SYNC]]) {
        const before = (await records(({ kind }) => kind === 'intent')).length
        const messages = await client.exchange(...sent)
        expect(messages.map(({ kind }) => kind)).toEqual(['ErrorResponse', 'ReadyForQuery'])
        expect(statusOf(messages)).toBe('I')
        const intents = await records(({ kind }) => kind === 'intent')
        expect(intents).toHaveLength(before + 1)
        expect(intents.at(-1)).toMatchObject({ decision: { effect: 'deny' }, statement: { text: recorded ?? refused } })
      }
      expect(await client.rows('select 1')).toEqual([['1']])
      await client.end()
    })
  }

  promise('it names rule and object, has a line of JSON, and says what would work', async ({ enter }) => {
    const client = await enter()
    const fields = errorOf(await client.query('drop table keep'))?.fields
    expect(fields?.get('S')).toBe('ERROR')
    expect(fields?.get('C')).toBe('42501')
    expect(fields?.get('M')).toMatch(/^gatehouse: .*never-drop/)
    expect(fields?.get('M')).toContain('Nothing is dropped here.')
    expect(fields?.get('D')).not.toContain('\n')
    expect(JSON.parse(fields?.get('D') ?? '')).toMatchObject({ code: 'DENIED_BY_RULE', rule: 'never-drop' })
    expect(fields?.get('H')).not.toBe('')
    await client.end()
  })

  promise('FunctionCall is refused, in every transaction state', async ({ enter }) => {
    const client = await enter()
    const call: FrontendMessage = {
      kind: 'FunctionCall',
      functionOid: 1598,
      argumentFormats: [],
      arguments: [],
      resultFormat: 0,
    }
    for (const { prepare, status } of [
      { prepare: 'select 1', status: 'I' },
      { prepare: 'begin', status: 'E' },
      { prepare: 'select 1', status: 'E' },
    ]) {
      await client.query(prepare)
      client.send(call)
      const messages = await client.untilReady()
      expect(sqlstates(messages)).toEqual(['0A000'])
      expect(statusOf(messages)).toBe(status)
    }
    await client.query('rollback')
    await client.end()
  })

  promise('nothing of the refused text reaches the server', async ({ server, admin, enter, database }) => {
    const { logFile } = server
    if (logFile === null) return
    await admin(`alter database ${database} set log_statement = 'all'`)
    const client = await enter()
    const secret = `${MARKER}_${database}`
    const allowed = `allowed_${database}`
    await client.query(`select '${allowed}_simple'`)
    await client.exchange(...run(`select '${allowed}_extended'`), SYNC)
    for (const text of [
      `drop table keep /* ${secret} */`,
      `select '${secret}'; drop table keep`,
      `drop table ${secret}`,
      `selec ${secret}`,
      `/* ${secret} */ drop table keep`,
      `begin; insert into t values (1); drop table keep; select '${secret}'`,
    ]) {
      await client.query(text)
      await client.exchange(...run(text), SYNC)
      await client.exchange(parse(text, secret), SYNC)
      await client.exchange(query('begin'), query(text), query('rollback'))
    }
    await client.exchange(parse('drop table keep where $1', 'p'), bind([secret], 'p'), execute(), SYNC)
    await client.query(`select '${allowed}_last'`)
    await client.end()
    const log = await eventually('the log has the permitted texts', () => {
      const text = readFileSync(logFile, 'utf8')
      return text.includes(`${allowed}_last`) ? text : null
    })
    expect(log).toContain(`${allowed}_simple`)
    expect(log).toContain(`${allowed}_extended`)
    expect(log).not.toContain(secret)
  })
})

test('scripts do say something: each has a refused statement, or says that it needs none', (context) => {
  for (const { shared } of VERSIONS) present(shared, context)
  const without = SCRIPTS.filter(({ steps }) => !JSON.stringify(steps).includes(REFUSED))
  expect(without.map(({ says }) => says)).toHaveLength(2)
})

function replaced(step: Step, text: string): Step {
  const inMessage = (message: FrontendMessage): FrontendMessage =>
    message.kind === 'Query' || message.kind === 'Parse'
      ? { ...message, text: message.text.replace(REFUSED, text) }
      : message
  if ('send' in step) return { send: step.send.map(inMessage), ready: step.ready }
  return step.map(inMessage)
}

/** What the server said, without words: error texts differ, their place and what follows must not. */
async function exchange(client: WireClient, step: Step): Promise<string[]> {
  let messages: BackendMessage[]
  if (!('send' in step)) messages = await client.exchange(...step)
  else {
    client.send(...step.send)
    messages = step.ready === 0 ? await client.until('ErrorResponse') : await client.untilReady(step.ready)
  }
  return messages.flatMap((message) => {
    switch (message.kind) {
      case 'ErrorResponse': {
        const code = message.fields.get('C') ?? ''
        return [`ErrorResponse ${code === '42501' || code === '42601' ? 'refused' : code}`]
      }
      case 'DataRow':
        return [`DataRow ${message.cells.map(String).join()}`]
      case 'ReadyForQuery':
        return [`ReadyForQuery ${message.status}`]
      case 'CommandComplete':
        return [`CommandComplete ${message.commandTag}`]
      case 'ParameterStatus':
        return []
      default:
        return [message.kind]
    }
  })
}

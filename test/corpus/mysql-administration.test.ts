/** Definitions, commands and SHOW of the statement corpus: read with the right objects, and cut or mixed without harm. How many are read is measured with the queries. */
import { Buffer } from 'node:buffer'
import { dialectOf, parseMysqlText, type Dialect, type ParsedStatement, type ParsedText } from '@gatehouse/sql-analysis'
import { describe, expect, test } from 'vitest'
import { absence, corpusText } from './cases.ts'

interface Sample {
  readonly sql: string
  /** What the server's own parser said. */
  readonly accepted: boolean
}

/** Openings of what is not measured here. */
const OTHERS =
  /^(?:select|insert|update|delete|set|explain|replace|with|call|do|handler|execute|prepare|values|table|desc|describe|deallocate|drop prepare|xa|begin|commit|rollback|savepoint|release|start transaction|load (?:data|xml)|\(|analyze (?:select|format|update|delete|insert))\b/i
const LEADING_COMMENTS = /^(?:\s|\/\*[^!][\s\S]*?\*\/|--\s.*\n|#.*\n)+/

function samples(file: string): readonly Sample[] {
  return corpusText(`statements/${file}`)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sample)
    .filter(({ sql }) => !OTHERS.test(sql.replace(LEADING_COMMENTS, '')))
}

function parse(text: string, dialect: Dialect): ParsedText {
  const bytes = Buffer.from(text)
  return parseMysqlText(bytes, 0, bytes.length, dialect)
}

function readOne(text: string, dialect: Dialect): ParsedStatement['statement'] | null {
  const parsed = parse(text, dialect)
  return 'error' in parsed || parsed.statements.length !== 1 ? null : (parsed.statements[0]?.statement ?? null)
}

/** Verb, kind and plain name of texts that have them at their head: read by a pattern, independently of the parser. */
const PLAIN =
  /^(create|drop|alter|truncate|rename)\s+(?:temporary\s+)?(table|view|procedure|function|trigger|event|database|schema|sequence)\s+(?:if\s+(?:not\s+)?exists\s+)?(?!if\s)([a-z_][a-z0-9_$]*)(?:\.([a-z_][a-z0-9_$]*))?(?![\w.$`"\u0080-\uffff])/i

const servers = [
  { name: 'MySQL 9.7', file: 'mysql-9.7.jsonl', dialect: dialectOf({ flavour: 'mysql', version: 90_700 }, '') },
  {
    name: 'MariaDB 10.11',
    file: 'mariadb-10.11.jsonl',
    dialect: dialectOf({ flavour: 'mariadb', version: 101_114 }, ''),
  },
] as const

describe.each(servers)('what is neither query nor change of rows, of $name', ({ file, dialect }) => {
  const statements = samples(file)

  test('tells the object that stands at the head of the text', (context) => {
    if (absence !== null) context.skip(absence)
    let compared = 0
    for (const { sql, accepted } of statements) {
      const head = PLAIN.exec(sql.replace(LEADING_COMMENTS, ''))
      const statement = accepted && head !== null ? readOne(sql, dialect) : null
      if (head === null || statement === null) continue
      const [, verb = '', kind = '', first = '', second] = head
      if (statement.kind !== 'definition') throw new Error(`${statement.kind}: ${sql}`)
      const expected = second === undefined ? { schema: null, name: first } : { schema: first, name: second }
      const action =
        verb.toLowerCase() === 'truncate' ? 'truncate' : `${verb}_${kind}`.toLowerCase().replace('database', 'schema')
      // A loadable function is told by its own action; ALTER DATABASE may leave the name away.
      if (!statement.action.endsWith('loadable_function')) expect(statement.action, sql).toBe(action)
      if (action !== 'alter_schema') expect(statement.objects[0]?.name, sql).toEqual(expected)
      compared++
    }
    expect(compared).toBeGreaterThan(2000)
  })

  test('ends in a tree or a clean refusal however it is cut or mixed', (context) => {
    if (absence !== null) context.skip(absence)
    let state = 7
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return state % below
    }
    for (let at = 0; at < statements.length; at += 3) {
      const text = statements[at]?.sql ?? ''
      const other = statements[random(statements.length)]?.sql ?? ''
      const cut = random(text.length + 1)
      parse(text.slice(0, cut), dialect)
      parse(text.slice(cut), dialect)
      parse(text.slice(0, cut) + other.slice(random(other.length + 1)), dialect)
    }
  })
})

import { Buffer } from 'node:buffer'
import { describe, expect, inject, test } from 'vitest'
import { openSession } from '../../../../../test/servers/mysql.ts'
import { dialectOf, type Dialect } from '../dialect.ts'
import type { Expression } from '../query-tree.ts'
import { parseText } from './parse-text.ts'

/** Random expressions have the value that they have with every operand in parentheses, as the tree has it. */

const BINARY =
  '= <=> < <= > >= <> != + - * / % ^ & | << >> AND OR XOR && || DIV MOD LIKE REGEXP IN BETWEEN ISNULL ISTRUE NOTIN NOTBETWEEN NOTLIKE INTERVAL COLLATE'.split(
    ' ',
  )
const PREFIX = ['-', '+', '~', '!', 'NOT ', 'BINARY ', '', '', '', '', '']
const VALUES = ['0', '1', '2', '3', '7', '0.5', "'1'", "'a'", 'NULL', 'TRUE', '(1 OR 0)', "'2020-01-31'"]

/** The same for every run: what fails can be run again. */
function generator(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * below)
  }
}

function expressionOf(next: (below: number) => number): string {
  const value = (): string => `${PREFIX[next(PREFIX.length)]}${VALUES[next(VALUES.length)]}`
  let text = value()
  for (let terms = 1 + next(4); terms > 0; terms--) {
    const operator = BINARY[next(BINARY.length)] ?? '+'
    switch (operator) {
      case 'IN':
      case 'NOTIN':
        text += `${operator === 'IN' ? '' : ' NOT'} IN (${value()}, ${value()})`
        break
      case 'BETWEEN':
      case 'NOTBETWEEN':
        text += `${operator === 'BETWEEN' ? '' : ' NOT'} BETWEEN ${value()} AND ${value()}`
        break
      case 'NOTLIKE':
        text += ` NOT LIKE ${value()}`
        break
      case 'ISNULL':
        text += ' IS NULL'
        break
      case 'ISTRUE':
        text += ' IS NOT TRUE'
        break
      case 'COLLATE':
        text += ' COLLATE utf8mb4_bin'
        break
      case 'INTERVAL':
        text += ` + INTERVAL ${value()} DAY`
        break
      default:
        text += ` ${operator} ${value()}`
    }
  }
  return text
}

/** The tree's expression with every operand in parentheses. */
function printed(node: Expression): string {
  const inner = (one: Expression | undefined): string => (one === undefined ? '' : `(${printed(one)})`)
  switch (node.kind) {
    case 'literal':
      return node.type === 'string' ? `'${node.value}'` : node.type === 'null' ? 'NULL' : node.value
    case 'row':
      return node.items.map(inner).join(', ')
    case 'operation': {
      const [first, second, third] = node.operands
      switch (node.operator) {
        case 'in':
        case 'not in':
          return `${inner(first)} ${node.operator} (${second === undefined ? '' : printed(second)})`
        case 'between':
        case 'not between':
          return `${inner(first)} ${node.operator} ${inner(second)} AND ${inner(third)}`
        case 'collate':
          return `${inner(first)} COLLATE utf8mb4_bin`
        case 'interval':
          return `INTERVAL ${inner(first)} DAY`
        case 'concat':
          return `CONCAT(${node.operands.map(inner).join(', ')})`
        default:
      }
      if (second === undefined) {
        const postfix = node.operator.startsWith('is ')
        return postfix ? `${inner(first)} ${node.operator}` : `${node.operator} ${inner(first)}`
      }
      return node.operands
        .map((one) => (one.kind === 'operation' && one.operator === 'interval' ? printed(one) : inner(one)))
        .reduce((left, right, index) =>
          index === 1 ? `${left} ${node.operator} ${right}` : `(${left}) ${node.operator} ${right}`,
        )
    }
    default:
      throw new Error(`no such expression is generated: ${node.kind}`)
  }
}

function treeOf(text: string, dialect: Dialect): Expression | null {
  const bytes = Buffer.from(`SELECT ${text}`)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  const statement = 'statements' in parsed ? parsed.statements[0]?.statement : undefined
  if (statement?.kind !== 'query_statement' || statement.query.body.kind !== 'select') return null
  return statement.query.body.items[0]?.expression ?? null
}

describe.each([
  { flavour: 'mysql', version: 90704, found: inject('servers').mysql9 },
  { flavour: 'mariadb', version: 101119, found: inject('servers').mariadb10 },
] as const)('$flavour', ({ flavour, version, found }) => {
  test.skipIf('absent' in found).each(['', 'PIPES_AS_CONCAT', 'HIGH_NOT_PRECEDENCE'])(
    'values by the tree, under sql_mode %j',
    async (mode) => {
      if ('absent' in found) return
      const session = await openSession(found.address.url)
      await session.query(`SET NAMES utf8mb4, sql_mode = '${mode}'`)
      const dialect = dialectOf({ flavour, version }, mode)
      const valueOf = async (sql: string): Promise<string> => {
        try {
          const [rows] = await session.query({ sql: `SELECT ${sql}`, rowsAsArray: true })
          return JSON.stringify(rows)
        } catch (error) {
          const number = typeof error === 'object' && error !== null && 'errno' in error ? Number(error.errno) : 0
          return number === 1064 ? 'no SQL' : `error ${number}`
        }
      }
      const next = generator(mode.length + 1)
      let compared = 0
      for (let run = 0; run < 500; run++) {
        const text = expressionOf(next)
        const tree = treeOf(text, dialect)
        const value = await valueOf(text)
        if (tree === null || value === 'no SQL') {
          expect(tree === null, `${text}: ${value}`).toBe(value === 'no SQL')
          continue
        }
        const whole = printed(tree)
        expect(await valueOf(whole), `${text} as ${whole}`).toBe(value)
        compared++
      }
      await session.end()
      expect(compared).toBeGreaterThan(200)
    },
  )
})

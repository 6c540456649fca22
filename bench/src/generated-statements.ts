/** What engines write differently. */
export interface Spelling {
  /** A query for one row, up to its `=`. */
  readonly lookup: string
  readonly asText: (expression: string) => string
}

/** Statements of the same few shapes with other literals each time: what an application sends. */
export function seenTexts(count: number, spelling: Spelling): readonly Buffer[] {
  const random = randomFrom(1)
  return Array.from({ length: count }, (_, index) => {
    const id = Math.floor(random() * 500_000)
    const make = SEEN[index % SEEN.length] ?? SEEN[0]
    return Buffer.from(make(id, spelling))
  })
}

type Make = (id: number, spelling: Spelling) => string

const SEEN: readonly [Make, ...Make[]] = [
  (id, { lookup }) => `${lookup} = ${String(id)};`,
  (id) => `SELECT name, email FROM people_masked WHERE id = ${String(id)}`,
  (id) =>
    `SELECT o.id, o.total, i.article FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.person = ${String(id)} ORDER BY o.placed DESC LIMIT 20`,
  (id) =>
    `SELECT count(*), sum(total) FROM orders WHERE placed >= '2026-01-${String(1 + (id % 28)).padStart(2, '0')}' AND total > ${String(id)}.50`,
  (id) => `UPDATE orders SET total = ${String(id)} WHERE id = ${String(id)}`,
  (id) =>
    `INSERT INTO order_items (order_id, line, article, price) VALUES (${String(id)}, 1, 'article ${String(id)}', 9.99)`,
]

/** Statements no two of which have one shape: other columns, conditions, joins, and names made up on the way. */
export function newTexts(count: number, spelling: Spelling): readonly Buffer[] {
  const random = randomFrom(2)
  return Array.from({ length: count }, (_, index) => Buffer.from(newShape(index, random, spelling)))
}

const PEOPLE = ['id', 'name', 'email', 'ssn', 'age', 'seen'] as const

function newShape(index: number, random: () => number, { asText }: Spelling): string {
  const upTo = (limit: number): number => Math.floor(random() * limit)
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[upTo(items.length)] ?? items[0]
  const alias = `t${String(index)}`
  const column = (): string => `${alias}.${pick(PEOPLE)}`
  const outputs = Array.from({ length: 1 + upTo(6) }, (_, at) =>
    pick([
      () => column(),
      () => `upper(${alias}.name) AS c${String(at)}`,
      () => `${alias}.age + ${String(upTo(9))} AS c${String(at)}`,
      () => `coalesce(${asText(column())}, '-') AS c${String(at)}`,
    ])(),
  ).join(', ')
  const conditions = Array.from({ length: 1 + upTo(4) }, () =>
    pick([
      `${alias}.id = ${String(upTo(1000))}`,
      `${alias}.age > ${String(upTo(90))}`,
      `${alias}.name LIKE 'Ada%'`,
      `${alias}.seen < now()`,
      `${alias}.id IN (1, 2, 3)`,
    ]),
  ).join(pick([' AND ', ' OR ']))
  const table = pick(['people_masked', 'people_plain'])
  switch (upTo(6)) {
    case 0:
      return `SELECT ${outputs} FROM ${table} ${alias} JOIN orders o ON o.person = ${alias}.id WHERE ${conditions} ORDER BY o.placed LIMIT 10`
    case 1:
      return `WITH w${alias} AS (SELECT * FROM ${table} ${alias} WHERE ${conditions}) SELECT w.id, w.email, count(*) OVER () FROM w${alias} w`
    case 2:
      return `SELECT ${alias}.age, count(*) AS n, max(${alias}.seen) FROM ${table} ${alias} WHERE ${conditions} GROUP BY ${alias}.age HAVING count(*) > 1`
    case 3:
      return `SELECT ${outputs}, (SELECT sum(o.total) FROM orders o WHERE o.person = ${alias}.id) AS spent FROM ${table} ${alias} WHERE ${conditions}`
    case 4:
      return `SELECT x.* FROM (SELECT ${outputs} FROM ${table} ${alias} WHERE ${conditions} UNION ALL SELECT ${outputs} FROM ${table} ${alias}) x`
    default:
      return `SELECT ${outputs} FROM ${table} ${alias} WHERE ${conditions}`
  }
}

/** The same numbers from 0 to 1 in every run (mulberry32, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

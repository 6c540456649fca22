import * as fc from 'fast-check'
import { describe, expect } from 'vitest'
import { copyIn, copyOut } from './copy-client.ts'
import { ALLOW_ALL, scenePromises, VERSIONS } from './scene.ts'
import type { WireClient } from './wire-client.ts'

/** Columns of the table: type, and mask. */
const COLUMNS: Readonly<Record<string, readonly [type: string, mask: string | null]>> = {
  id: ['int', null],
  note: ['text', null],
  raw: ['bytea', null],
  card: ['text', '{ partial: { keepFirst: 1, keepLast: 4 } }'],
  mail: ['text', 'email'],
  word: ['text', 'hash'],
  short: ['varchar(7)', 'redact'],
  filled: ['char(14)', '{ partial: { keepLast: 2 } }'],
  narrow: ['narrow', 'redact'],
  odd: ['text', JSON.stringify({ constant: '\\N\t"x",\n\'|~' })],
  dot: ['text', JSON.stringify({ constant: '\\.' })],
  gone: ['text', '"null"'],
  many: ['int8', 'hash'],
  few: ['int4', '{ truncate: 100 }'],
  money: ['numeric', '{ truncate: 10 }'],
  day: ['date', '{ truncate: year }'],
  moment: ['timestamptz', '{ truncate: day }'],
  key: ['uuid', 'hash'],
  flag: ['bool', 'redact'],
  doc: ['jsonb', 'redact'],
  photo: ['bytea', 'hash'],
  tags: ['text[]', '{ partial: { keepLast: 1 } }'],
  mood: ['mood', 'redact'],
  bits: ['bit(5)', 'redact'],
  net: ['inet', 'redact'],
}

const SCHEMA = `
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE DOMAIN narrow AS varchar(4);
CREATE TABLE kept (${Object.entries(COLUMNS)
  .map(([name, [type]]) => `${name} ${type}`)
  .join(', ')});
`

const POLICY = `${ALLOW_ALL}
masks:
${Object.entries(COLUMNS)
  .flatMap(([name, [, mask]]) => (mask === null ? [] : [`  - { columns: [public.kept.${name}], with: ${mask} }`]))
  .join('\n')}
`

/** Texts that the formats have a meaning for. */
const HOSTILE = [
  '',
  '\\N',
  '\\.',
  '\\',
  '"',
  "'",
  ',',
  '|',
  '\t',
  '\n',
  '\r\n',
  'a"b\\c',
  'NULL',
  '~',
  '\b\f\v\x01\x7f',
  'N',
  'é€😀',
]

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.array(fc.constantFrom(...HOSTILE, 'a', 'b', 'xyz', ' '), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((one) => one.replaceAll('\0', '')),
)
const digits = fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }).map(String)
const bytes = fc.uint8Array({ maxLength: 8 }).map((one) => `\\x${Buffer.from(one).toString('hex')}`)

/** A value of each column, as text. */
const VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  id: digits,
  raw: bytes,
  mail: fc.oneof(text, fc.constantFrom('ada@example.com', 'b"c@x.org', 'x,y@z.example')),
  short: text.map((one) => Array.from(one).slice(0, 7).join('')),
  filled: text.map((one) => Array.from(one).slice(0, 14).join('')),
  narrow: text.map((one) => Array.from(one).slice(0, 4).join('')),
  many: digits,
  few: digits,
  money: fc.tuple(digits, fc.integer({ min: 0, max: 999 })).map(([whole, part]) => `${whole}.${part}`),
  day: fc.constantFrom('2024-02-29', '1969-12-31', '0044-03-15 BC', 'infinity'),
  moment: fc.constantFrom('2024-02-29 12:34:56+00', '1969-12-31 23:59:59.5+02', '-infinity'),
  key: fc.uuid(),
  flag: fc.constantFrom('t', 'f'),
  doc: text.map((one) => JSON.stringify({ said: one })),
  photo: bytes,
  tags: fc.array(fc.option(text), { maxLength: 3 }).map(arrayText),
  mood: fc.constantFrom('calm', 'cross'),
  bits: fc.constantFrom('10101', '00000'),
  net: fc.constantFrom('10.1.2.3', '::1/64'),
}

function arrayText(elements: readonly (string | null)[]): string {
  return `{${elements.map((one) => (one === null ? 'NULL' : `"${one.replaceAll(/["\\]/g, '\\$&')}"`)).join(',')}}`
}

const row = fc.tuple(...Object.keys(COLUMNS).map((name) => fc.option(VALUES[name] ?? text, { freq: 6 })))

const NAMES = Object.keys(COLUMNS)

const columnNames = fc.oneof(
  fc.constant<readonly string[]>(NAMES),
  fc.constant<readonly string[]>(['dot']),
  fc.shuffledSubarray(NAMES, { minLength: 1 }),
)

const literal = (value: string): string =>
  `E'${Array.from(value)
    .map((one) => `\\u${(one.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
    .join('')}'`

/** Options of COPY, as both directions take them. */
const textOptions = fc
  .record({
    delimiter: fc.constantFrom('\t', ',', '|', 'N', '~', '\x01', '"', "'", ' '),
    nullString: fc.constantFrom('\\N', '\\NULL', '\\0', '\\ '),
    header: fc.boolean(),
  })
  .filter(({ delimiter, nullString }) => !nullString.includes(delimiter))
  .map(
    ({ delimiter, nullString, header }) =>
      `DELIMITER ${literal(delimiter)}, NULL ${literal(nullString)}, HEADER ${header}`,
  )

const csvOptions = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', 'a', '1', '\\'),
    nullString: fc.constantFrom('', 'NULL', '\\N', '[redacted]', '0', 'f'),
    quote: fc.constantFrom('"', "'", '~', 'b'),
    escape: fc.constantFrom(null, '\\', '"', '^'),
    header: fc.boolean(),
  })
  .filter(({ delimiter, nullString, quote }) => !nullString.includes(delimiter) && !nullString.includes(quote))
  .map(
    ({ delimiter, nullString, quote, escape, header }) =>
      `FORMAT csv, DELIMITER ${literal(delimiter)}, NULL ${literal(nullString)}, QUOTE ${literal(quote)}, HEADER ${header}` +
      (escape === null ? '' : `, ESCAPE ${literal(escape)}`),
  )

const options = fc.oneof(textOptions, csvOptions, fc.constant('FORMAT binary'))
const forced = fc.constantFrom<readonly string[]>([], ['*'], ['id', 'card', 'short', 'dot'])

describe.each(VERSIONS)('COPY TO STDOUT of masked columns, on $version', ({ shared }) => {
  const promise = scenePromises(shared, { sql: SCHEMA, policy: POLICY })

  promise(
    'is, under any options, the very stream of a table that holds what SELECT shows',
    async ({ enter, direct: enterDirect }) => {
      const through = await enter()
      const direct = await enterDirect()
      // What the server reads back stands here: it is the reader that the gateway has no part in.
      await direct.query('CREATE TEMP TABLE shown (LIKE kept)')
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { minLength: 1, maxLength: 8 }),
          columnNames,
          options,
          forced,
          fc.boolean(),
          fc.boolean(),
          async (rows, columns, given, force, table, extended) => {
            await fill(direct, rows)
            const list = columns.join(', ')
            const quoted = given.includes('csv') ? force.filter((one) => one === '*' || columns.includes(one)) : []
            const out =
              quoted.length === 0
                ? given
                : `${given}, FORCE_QUOTE ${quoted[0] === '*' ? '*' : `(${quoted.join(', ')})`}`
            const source = table ? `kept (${list})` : `(SELECT ${list} FROM kept)`
            const stream = await copyOut(through, `COPY ${source} TO STDOUT (${out})`, extended)
            await copyIn(direct, `COPY shown (${list}) FROM STDIN (${given})`, stream)
            expect(await direct.rows(`SELECT ${list} FROM shown`)).toEqual(
              await through.rows(`SELECT ${list} FROM kept`),
            )
            expect(stream.equals(await copyOut(direct, `COPY shown (${list}) TO STDOUT (${out})`))).toBe(true)
          },
        ),
        { numRuns: 60 },
      )
      direct.destroy()
      await through.end()
    },
    120_000,
  )
})

async function fill(client: WireClient, rows: readonly (readonly (string | null)[])[]): Promise<void> {
  const values = rows.map(
    (cells) =>
      `(${cells.map((cell) => (cell === null ? 'NULL' : `E'${cell.replaceAll(/['\\]/g, '\\$&')}'`)).join(', ')})`,
  )
  await client.rows('TRUNCATE kept, shown')
  await client.rows(`INSERT INTO kept VALUES ${values.join(', ')}`)
}

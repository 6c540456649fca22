import type { CopyStream } from '@gatehouse/core'
import { describe, expect, it } from 'vitest'
import { readStatement } from '../fixtures/sample-catalog.ts'

const TEXT = { oid: 25, modifier: -1 }
const INTEGER = { oid: 23, modifier: -1 }

function streamOf(sql: string): CopyStream {
  const { copyOut } = readStatement(sql)
  if (copyOut === undefined || copyOut.stream === null) throw new Error(`${sql}: ${copyOut?.reason ?? 'no stream'}`)
  return copyOut.stream
}

const reasonOf = (sql: string): string | null | undefined => readStatement(sql).copyOut?.reason

describe('The stream of a COPY', () => {
  it('is as the server makes it where nothing is said', () => {
    expect(streamOf('copy people (id, ssn) to stdout')).toEqual({
      format: 'text',
      delimiter: '\t',
      nullString: '\\N',
      quote: '"',
      escape: '"',
      header: false,
      forceQuote: [false, false],
      types: [INTEGER, TEXT],
    })
    expect(streamOf('copy people (id) to stdout csv')).toMatchObject({ format: 'csv', delimiter: ',', nullString: '' })
    expect(streamOf('copy people (id) to stdout (format binary)')).toMatchObject({ format: 'binary' })
  })

  it('is the same in the old syntax and in the new', () => {
    for (const [older, newer] of [
      ['binary', '(format binary)'],
      [
        `csv header delimiter as ';' null as 'x' quote as '''' escape as '!' force quote ssn`,
        `(format csv, header on, delimiter ';', null 'x', quote '''', escape '!', force_quote (ssn))`,
      ],
      [`csv force quote *`, `(force_quote *, format 'csv', header false)`],
      [`using delimiters '|'`, `(delimiter '|', encoding 'UTF-8')`],
    ])
      expect(streamOf(`copy people (id, ssn) to stdout ${older}`)).toEqual(
        streamOf(`copy people (id, ssn) to stdout ${newer}`),
      )
    expect(streamOf('copy people (id, ssn) to stdout csv force quote ssn').forceQuote).toEqual([false, true])
  })

  it('is not told where an option is not understood', () => {
    for (const options of [
      `(format 'CSV')`,
      `(format parquet)`,
      `(encoding 'latin1')`,
      `(header match)`,
      `(header, header)`,
      `(delimiter 'ab')`,
      `(delimiter 'é')`,
      `(delimiter)`,
      `(format csv, quote '')`,
      `(format csv, escape E'\\n')`,
      `(force_null (id))`,
      `(something 1)`,
      `(null E'a\\nb')`,
      `(null '\\N\\')`,
    ])
      expect(reasonOf(`copy people to stdout ${options}`), options).toEqual(expect.any(String))
  })

  it('has in text no NULL string that a value could have', () => {
    for (const nullString of ['', 'x', '\\\\', '\\n', '\\|', 'é'])
      expect(reasonOf(`copy people to stdout (delimiter '|', null '${nullString}')`), nullString).toContain(
        'told apart',
      )
    for (const nullString of ['\\N', '\\.', 'x\\y', '\\q'])
      expect(reasonOf(`copy people to stdout (delimiter '|', null '${nullString}')`), nullString).toBeNull()
    expect(reasonOf(`copy people to stdout csv null 'x'`)).toBeNull()
  })

  it('has the types that the catalog gives, and none where they would have to be worked out', () => {
    const types = (query: string): unknown => streamOf(`copy (${query}) to stdout`).types
    expect(types('select ssn, upper(ssn), id, 1, ssn::text from people')).toEqual([TEXT, null, INTEGER, null, null])
    expect(types('select tag from tagged union all select ssn from people')).toEqual([TEXT])
    expect(types("select ssn from people union all select 'x'")).toEqual([null])
    expect(types('select id from people union all select 1.5')).toEqual([null])
    expect(types('select p from people p')).toEqual([null])
    expect(types('with recursive w(x) as (select ssn from people union all select x from w) select x from w')).toEqual([
      TEXT,
    ])
    expect(types('update people set ssn = name where id = 1 returning ssn, old.ssn')).toEqual([TEXT, TEXT])
  })

  it('is that of COPY to the client alone', () => {
    for (const sql of ["copy people to '/tmp/x'", 'copy people from stdin', 'select ssn from people'])
      expect(readStatement(sql).copyOut).toBeUndefined()
  })
})

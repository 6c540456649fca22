import { beforeAll, describe, expect, it } from 'vitest'
import { LibpgParser } from './libpg-parser.ts'

let parser: LibpgParser
beforeAll(async () => {
  parser = await LibpgParser.create()
})

/** Overflows the stack of an instance: what the prescan keeps away. */
const breaking = `select 1${'+1'.repeat(20_000)}`

describe('LibpgParser', () => {
  it('gives the tree of a text, and an empty one of an empty text', () => {
    expect(parser.parse('select 1; select 2')).toMatchObject({ kind: 'tree', tree: { stmts: [{}, {}] } })
    expect(parser.parse('')).toMatchObject({ kind: 'tree', tree: { stmts: [] } })
  })

  it('says what the server says of a syntax error, with the position in characters', () => {
    expect(parser.parse("select 'é' frm x y")).toEqual({
      kind: 'syntax',
      message: 'syntax error at or near "x"',
      position: 16,
    })
    expect(parser.parse('select')).toMatchObject({ kind: 'tree' })
    expect(parser.parse('select from')).toMatchObject({ message: 'syntax error at end of input' })
  })

  it('refuses NUL and lone surrogates, which would be cut or replaced silently', () => {
    expect(parser.parse('select 1\0; drop table t')).toMatchObject({ kind: 'syntax' })
    expect(parser.parse("select '\ud800'")).toMatchObject({ kind: 'syntax' })
  })

  it('keeps every character of a string, control characters too', () => {
    for (let code = 1; code < 0x250; code++) {
      const parsed = parser.parse(`select $q$${String.fromCodePoint(code)}$q$`)
      if (parsed.kind !== 'tree') throw new Error(`U+${code.toString(16)}`)
      expect(JSON.stringify(parsed.tree)).toContain(JSON.stringify(String.fromCodePoint(code)).slice(1, -1))
    }
  })

  it('drops an instance that broke: the next text is read by another one, at once', async () => {
    expect(parser.parse(breaking).kind).toBe('broken')
    expect(parser.parse('select 1').kind).toBe('tree')
    await parser.ready()
    expect(parser.parse(breaking).kind).toBe('broken')
    expect(parser.parse('select 1').kind).toBe('tree')
  })

  it('refuses while no instance stands, and comes back however often it is broken in between', async () => {
    for (let round = 0; round < 50; round++) expect(parser.parse(breaking).kind).toBe('broken')
    expect(parser.parse('select 1')).toMatchObject({
      kind: 'broken',
      message: expect.stringContaining('restarted') as string,
    })
    await parser.ready()
    expect(parser.parse('select 1').kind).toBe('tree')
    expect(parser.parse(breaking).kind).toBe('broken')
    expect(parser.parse('select 1').kind).toBe('tree')
  })

  it('comes back without a spare too', async () => {
    const single = await LibpgParser.create({ compiled: parser.compiled, spare: false })
    expect(single.parse(breaking).kind).toBe('broken')
    await single.ready()
    expect(single.parse('select 1').kind).toBe('tree')
  })

  it('holds no memory of texts it has read', () => {
    const text = `select '${'x'.repeat(100_000)}'`
    for (let index = 0; index < 300; index++) expect(parser.parse(text).kind).toBe('tree')
    for (let index = 0; index < 3000; index++) expect(parser.parse('select frm frm frm').kind).toBe('syntax')
    expect(parser.memoryBytes).toBeLessThanOrEqual(160 * 1024 * 1024)
  })
})

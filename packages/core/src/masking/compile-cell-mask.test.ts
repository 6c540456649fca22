import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Secret } from '../auth/secret.ts'
import { MaskNotApplicable } from './cell-mask.ts'
import { GrowableOutput } from './cell-output.ts'
import { checkMask, compileCellMask, maskEffect } from './compile-cell-mask.ts'
import type { MaskSpec } from './mask-spec.ts'
import { MaskingKeys } from './masking-keys.ts'
import { hasOwnMask, isSafeForType, typeRows } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

const keys = MaskingKeys.single(new Secret('7'.repeat(32)))
const redact: MaskSpec = { kind: 'redact' }
const email: MaskSpec = { kind: 'email' }
const hash: MaskSpec = { kind: 'hash' }

describe('partial', () => {
  it.each([
    [0, 4, '123-45-6789', '*******6789'],
    [0, 4, '4111111111111111', '************1111'],
    [6, 4, '4111111111111111', '411111******1111'],
    [1, 1, 'abc', 'a*c'],
    [0, 0, 'abc', '***'],
    [2, 0, '', ''],
  ])('hides the middle (%#)', (keepFirst, keepLast, value, expected) => {
    expect(text({ kind: 'partial', keepFirst, keepLast }, 'text', value)).toBe(expected)
  })

  it('hides a value whole where more than two thirds of it would stay readable', () => {
    expect(text({ kind: 'partial', keepFirst: 0, keepLast: 4 }, 'text', '1234')).toBe('****')
    expect(text({ kind: 'partial', keepFirst: 0, keepLast: 4 }, 'text', '12345')).toBe('*****')
    expect(text({ kind: 'partial', keepFirst: 0, keepLast: 4 }, 'text', '123456')).toBe('**3456')
  })

  it('counts the characters of char(n) without the blanks that fill it', () => {
    expect(text({ kind: 'partial', keepFirst: 0, keepLast: 2 }, 'bpchar', 'abcdef    ', 14)).toBe('****ef    ')
  })

  it('redacts what is not text', () => {
    expect(text({ kind: 'partial', keepFirst: 0, keepLast: 4 }, 'int4', '123456789')).toBe('0')
    expect(text({ kind: 'partial', keepFirst: 0, keepLast: 4 }, 'json', '{"a": 1}')).toBe('"[redacted]"')
  })
})

describe('email', () => {
  it.each([
    ['ada@example.com', 'a***@example.com'],
    ['a@example.com', '***@example.com'],
    ['.x@example.com', '***@example.com'],
    ['grace.hopper+navy@mail.example.co.uk', 'g***@mail.example.co.uk'],
    ['jörg@example.de', 'j***@example.de'],
    ['ölaf@example.de', '***@example.de'],
  ])('keeps the domain of %s and no more than a letter', (value, expected) => {
    expect(text(email, 'text', value)).toBe(expected)
  })

  it.each([
    '',
    '@',
    'ada',
    'ada@',
    '@example.com',
    'ada@localhost',
    'ada@example',
    'a@b@example.com',
    'ada@exa mple.com',
    'ada lovelace@example.com',
    '"ada"@example.com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@.com',
    'ada@com.',
    'ada@[10.0.0.1]',
    'ada@10.0.0.1',
    'ada@exämple.de',
    `${'a'.repeat(65)}@example.com`,
    'Ada <ada@example.com>',
    '123-45-6789@x',
    'ada@example.com\n',
    'ada@example.com,bob@example.com',
    `ada@${'a'.repeat(64)}.com`,
  ])('redacts what is not an address: %j', (value) => {
    expect(text(email, 'text', value)).toBe('[redacted]')
  })

  it('redacts where the masked address is longer than the type allows, and fills char(n)', () => {
    expect(text(email, 'varchar', 'ab@x.com', 8 + 4)).toBe('[redacte')
    expect(text(email, 'varchar', 'ab@x.com', 10 + 4)).toBe('a***@x.com')
    expect(text(email, 'bpchar', 'ab@x.com    ', 12 + 4)).toBe('a***@x.com  ')
  })
})

describe('hash', () => {
  it('is the same for the same value in both formats and under char(n), and another under another key', () => {
    expect(text(hash, 'text', 'ada')).toMatch(/^[0-9a-f]{64}$/)
    expect(text(hash, 'bpchar', 'ada  ', 70 + 4)).toBe(text(hash, 'text', 'ada').padEnd(70))
    expect(text(hash, 'varchar', 'ada', 8 + 4)).toBe(text(hash, 'text', 'ada').slice(0, 8))
    expect(masked(hash, named('int4'), 1, Buffer.from('0000002a', 'hex'))?.readInt32BE()).toBe(
      Number(text(hash, 'int4', '42')),
    )
    expect(text(hash, 'text', 'ada')).not.toBe(text(hash, 'text', 'ada', -1, MaskingKeys.single(new Secret('8'.repeat(32)))))
  })

  it('reads both text forms of bytea as the same bytes', () => {
    expect(text(hash, 'bytea', String.raw`\x5c00ff41`)).toBe(text(hash, 'bytea', String.raw`\\\000\377A`))
    expect(text(hash, 'bytea', String.raw`\xabc`)).toBe(String.raw`\x`)
    expect(text(hash, 'bytea', String.raw`\9`)).toBe(String.raw`\x`)
  })

  it('makes a UUID of version 8, and numbers of the range', () => {
    expect(text(hash, 'uuid', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]/,
    )
    for (let value = 0; value < 200; value++) {
      expect(Number(text(hash, 'int2', String(value)))).toBeLessThan(32_768)
      expect(Number(text(hash, 'int4', String(value)))).toBeGreaterThanOrEqual(0)
    }
  })

  it('refuses a short key', () => {
    expect(() => text(hash, 'text', 'ada', -1, MaskingKeys.single(new Secret('7'.repeat(15))))).toThrow(MaskNotApplicable)
  })
})

describe('truncate', () => {
  it.each([
    ['year', 'date', '2024-02-29', '2024-01-01'],
    ['month', 'date', '2024-02-29', '2024-02-01'],
    ['day', 'date', '2024-02-29', '1970-01-01'],
    ['year', 'date', '0044-03-15 BC', '0044-01-01 BC'],
    ['year', 'date', '4714-11-24 BC', '1970-01-01'],
    ['year', 'date', 'infinity', 'infinity'],
    ['year', 'date', '9999999-01-01', '1970-01-01'],
    ['year', 'date', '29/02/2024', '1970-01-01'],
    ['year', 'date', '2024-02-30', '1970-01-01'],
    ['year', 'date', '2024-02-29 12:00:00', '1970-01-01'],
    ['hour', 'timestamp', '2024-02-29 23:59:59.999', '2024-02-29 23:00:00'],
    ['day', 'timestamp', '2024-02-29 23:59:59.999', '2024-02-29 00:00:00'],
    ['hour', 'timestamp', '2024-02-29 23:59:59+01', '1970-01-01 00:00:00'],
    ['hour', 'timestamptz', '2024-07-01 00:30:00+02', '2024-06-30 22:00:00+00'],
    ['year', 'timestamptz', '2024-07-01 00:30:00+02', '2024-01-01 00:00:00+00'],
    ['year', 'timestamptz', '2024-01-01 00:30:00+01', '2023-01-01 00:00:00+00'],
    ['hour', 'timestamptz', '2024-07-01 00:30:00', '1970-01-01 00:00:00+00'],
    [100, 'int4', '-199', '-100'],
    [100, 'int4', '99', '0'],
    [1, 'int4', '99', '0'],
    [1000, 'int8', '9223372036854775807', '9223372036854775000'],
    [100, 'numeric', '12345678901234567890123.99', '12345678901234567890100'],
    [100, 'numeric', '-0.5', '0'],
    [1, 'numeric', '12.75', '12'],
    [10, 'float8', '-1234.5', '-1230'],
    [10, 'float8', '1.5e+300', '1.5e+300'],
    [10, 'numeric', 'NaN', 'NaN'],
    ['year', 'int4', '2024', '0'],
    [100, 'date', '2024-02-29', '1970-01-01'],
    ['hour', 'time', '12:34:56', '00:00:00'],
    [100, 'money', '$1,234.00', '0'],
    [100, 'oid', '12345', '0'],
  ] as const)('to %s, of %s %s, is %s', (to, type, value, expected) => {
    expect(text({ kind: 'truncate', to }, type, value)).toBe(expected)
  })

  it('refuses multiples that are no whole number above zero', () => {
    for (const to of [0, -1, 0.5, Number.NaN, Infinity, 2 ** 60]) {
      expect(checkMask({ kind: 'truncate', to }, named('int4'))).toMatch(/whole number/)
    }
  })

  it('redacts a binary numeric with digits that are none, too many of them, or an unknown sign', () => {
    for (const cell of [
      '000100000000000027100000',
      '0001000000000000',
      '0001000012340000',
      '000100007fff000000000001',
    ]) {
      expect(masked({ kind: 'truncate', to: 100 }, named('numeric'), 1, Buffer.from(cell, 'hex'))).toEqual(
        Buffer.alloc(8),
      )
    }
    const wrongDigit = Buffer.from('00010000000000002710', 'hex')
    expect(masked({ kind: 'truncate', to: 100 }, named('numeric'), 1, wrongDigit)).toEqual(Buffer.alloc(8))
    const farAway = Buffer.from('00017fff000000000001', 'hex')
    expect(masked({ kind: 'truncate', to: 100 }, named('numeric'), 1, farAway)).toEqual(Buffer.alloc(8))
  })

  it('leaves no sign on a zero', () => {
    const cell = Buffer.alloc(8)
    cell.writeDoubleBE(-0.5)
    expect(masked({ kind: 'truncate', to: 10 }, named('float8'), 1, cell)).toEqual(Buffer.alloc(8))
  })

  it('writes numeric(p,s) with the scale of the column, not that of the value', () => {
    const column = { ...named('numeric'), modifier: (10 << 16) + 4 + 2 }
    expect(masked({ kind: 'truncate', to: 10 }, column, 0, Buffer.from('123.45'))?.toString()).toBe('120.00')
  })
})

describe('constant', () => {
  it('is refused where it is not a value of the type, in a sentence that names both', () => {
    for (const [type, value] of [
      ['int2', '32768'],
      ['int4', 'secret'],
      ['oid', '-1'],
      ['bool', 'yes?'],
      ['float4', '1e39'],
      ['float8', '1e-400'],
      ['date', '2024-02-30'],
      ['date', '2024-02-29 12:00:00'],
      ['timestamp', '2024-02-29'],
      ['timestamp', '2024-02-29 12:00:00+00'],
      ['timestamptz', '2024-02-29 12:00:00'],
      ['time', '25:00:00'],
      ['interval', ''],
      ['interval', 'soon'],
      ['uuid', '6ba7b810'],
      ['json', '{a: 1}'],
      ['jsonb', String.raw`"\u0000"`],
      ['jsonb', String.raw`"\ud800"`],
      ['jsonb', '1e400'],
      ['json', '['.repeat(5000) + ']'.repeat(5000)],
      ['xml', '<a>'],
      ['bytea', String.raw`\xabc`],
      ['inet', '10.0.0.256'],
      ['inet', '10.0.0.1/33'],
      ['inet', ':::'],
      ['inet', '1::2::3'],
      ['cidr', '10.0.0.1/24'],
      ['macaddr', '08:00:2b'],
      ['text', 'nul\0'],
      ['text', '\ud800'],
      ['name', 'x'.repeat(64)],
      ['char', 'ab'],
      ['char', 'ä'],
      ['tsvector', 'secret'],
      ['money', '12'],
    ] as const) {
      expect(checkMask({ kind: 'constant', value }, named(type))).toMatch(new RegExp(`is not a value of type ${type}`))
      expect(() => text({ kind: 'constant', value }, type, 'x')).toThrow(MaskNotApplicable)
    }
    const limited = { ...named('varchar'), modifier: 3 + 4 }
    expect(checkMask({ kind: 'constant', value: 'hidden' }, limited)).toBe(
      'constant: "hidden" is not a value of type varchar(3)',
    )
    expect(
      checkMask({ kind: 'constant', value: '1.005' }, { ...named('numeric'), modifier: (3 << 16) + 4 + 2 }),
    ).not.toBeNull()
    expect(
      checkMask({ kind: 'constant', value: 'sad' }, { ...named('mood', 90_001), enumLabels: ['happy'] }),
    ).not.toBeNull()
  })

  it('takes the place of every element of an array', () => {
    const array = { ...named('_int4', 1007), element: named('int4') }
    expect(masked({ kind: 'constant', value: '7' }, array, 0, Buffer.from('{{1,NULL},{3,4}}'))?.toString()).toBe(
      '{{7,NULL},{7,7}}',
    )
    expect(checkMask({ kind: 'constant', value: '{7}' }, array)).not.toBeNull()
  })
})

describe('a type', () => {
  it('is known by name and OID together: anything else becomes NULL under every mask', () => {
    const impostor = named('text', 90_000)
    expect(masked(redact, impostor, 0, Buffer.from('secret'))).toBeNull()
    expect(masked({ kind: 'constant', value: 'x' }, impostor, 0, Buffer.from('secret'))).toBeNull()
    expect(masked({ kind: 'partial', keepFirst: 1, keepLast: 1 }, impostor, 0, Buffer.from('secret'))).toBeNull()
    for (const name of ['__proto__', 'constructor', 'toString', '']) expect(isSafeForType(named(name, 1))).toBe(false)
  })

  it('of an array is left to NULL where its elements are: composites, and arrays of arrays', () => {
    const composite = { ...named('_composite', 90_003), element: named('composite', 90_002) }
    const nested = { ...named('_x', 90_005), element: { ...named('_int4', 1007), element: named('int4') } }
    expect(masked(redact, composite, 0, Buffer.from('{"(1,secret)"}'))).toBeNull()
    expect(masked(redact, nested, 0, Buffer.from('{{1}}'))).toBeNull()
  })

  it('with a typelem that is not an array keeps its own row: name, point, box', () => {
    expect(masked(redact, { ...named('name'), element: named('char') }, 0, Buffer.from('x'))?.toString()).toBe(
      '[redacted]',
    )
    expect(masked(redact, { ...named('point'), element: named('float8') }, 0, Buffer.from('(1,2)'))?.toString()).toBe(
      '(0,0)',
    )
  })

  it('of an enum shows its first label, or NULL where it has none', () => {
    const mood = { ...named('mood', 90_001), enumLabels: ['sad', 'happy'] }
    expect(masked(hash, mood, 1, Buffer.from('happy'))?.toString()).toBe('sad')
    expect(masked(redact, { ...mood, enumLabels: [] }, 0, Buffer.from('happy'))).toBeNull()
  })

  it('with a modifier cuts or fills the redacted value', () => {
    expect(text(redact, 'varchar', 'x', 3 + 4)).toBe('[re')
    expect(text(redact, 'bpchar', 'x', 12 + 4)).toBe('[redacted]  ')
    expect(text(redact, 'bit', '101', 3)).toBe('000')
    expect(masked(redact, { ...named('bit'), modifier: 9 }, 1, Buffer.from('x'))?.toString('hex')).toBe('000000090000')
    expect(masked(redact, { ...named('bit'), modifier: 100_000 }, 1, Buffer.from('x'))).toBeNull()
  })

  it('stands in docs/masks.md with its redacted value and the masks that work on it', () => {
    const document = readFileSync(new URL('../../../../docs/masks.md', import.meta.url), 'utf8')
    const shown = typeRows.map((row) => {
      const own = (['partial', 'email', 'hash', 'pseudonym', 'truncate'] as const).filter((mask) => hasOwnMask(mask, row.kind))
      return `| \`${row.name}\` | ${row.text === '' ? '(empty)' : `\`${row.text}\``} | ${own.join(', ')} |`
    })
    const table = document.slice(document.indexOf('| type | redacted |'))
    const written = table.split('\n').filter((line) => /^\| `[a-z0-9_]+` \| (?:`|\(empty\))/.test(line))
    expect(written.map((line) => line.split(' | ').slice(0, 3).join(' | ').concat(' |'))).toEqual(shown)
  })

  it('has a row of its own: names and OIDs are unique', () => {
    const oids = typeRows.flatMap((row) => (row.oid === null ? [] : [row.oid]))
    expect(new Set(oids).size).toBe(oids.length)
  })
})

describe('an array', () => {
  const texts = { ...named('_text', 1009), element: named('text') }
  const numbers = { ...named('_int4', 1007), element: named('int4') }

  it('becomes the empty array where its text is not an array literal', () => {
    for (const cell of [
      '',
      '{',
      '}',
      '{a',
      'a',
      '{a}b',
      '{a}}',
      '{{a}',
      '{a,}',
      '{,a}',
      '{a b"c}',
      '{"a}',
      '{"a\\',
      '{a\\b}',
      '{a{b}}',
      '{{}}',
      '[1:2',
      '[1:2]=',
      '[1:2]',
      '=',
      '[{a}',
      '{{{{{{{a}}}}}}}',
      '{a}{b}',
      '{"a"b}',
    ]) {
      expect(masked(redact, texts, 0, Buffer.from(cell))?.toString()).toBe('{}')
    }
  })

  it('loses its lower bounds, which could hold anything', () => {
    expect(masked(redact, texts, 0, Buffer.from('[123456789:123456789]={a}'))?.toString()).toBe('{[redacted]}')
    const bounds = Buffer.from('00000001000000000000001700000001075bcd1500000004000000ff', 'hex')
    expect(masked(redact, numbers, 1, bounds)?.toString('hex')).toBe(
      '00000001000000000000001700000001000000010000000400000000',
    )
  })

  it('becomes the empty array where its binary form is malformed', () => {
    const empty = '000000000000000000000017'
    for (const cell of [
      '',
      '00',
      `${empty}00`,
      '000000070000000000000017',
      '00000001000000000000001900000001000000010000000400000001',
      '0000000100000000000000177fffffff00000001',
      '00000001000000000000001700000001000000017fffffff',
      '0000000100000000000000170000000100000001fffffffe',
      '000000010000000000000017ffffffff00000001',
      '0000000200000000000000177fffffff000000017fffffff00000001',
      '0000000100000000000000170000000100000001',
    ]) {
      expect(masked(redact, numbers, 1, Buffer.from(cell, 'hex'))?.toString('hex')).toBe(empty)
    }
  })

  it('becomes the empty array where bytes are left over, or an element ends outside', () => {
    const one = '00000001000000000000001700000001000000010000000400000001'
    for (const cell of [`${one}00`, one.slice(0, -2), one.replace(/0000000400000001$/, '0000000500000001')]) {
      const source = Buffer.concat([Buffer.from(cell, 'hex'), Buffer.alloc(8, 0x2a)])
      const out = new GrowableOutput()
      compileCellMask(redact, numbers, 1, keys).apply(source, 0, cell.length / 2, out)
      expect(out.bytes.toString('hex', 0, out.length)).toBe('000000000000000000000017')
    }
  })

  it('takes the modifier of the column for its elements', () => {
    const short = { ...named('_varchar', 1015), element: named('varchar'), modifier: 3 + 4 }
    expect(masked(redact, short, 0, Buffer.from('{abc,NULL}'))?.toString()).toBe('{[re,NULL}')
  })

  it('of boxes is divided by semicolons', () => {
    const boxes = { ...named('_box', 1020), element: named('box') }
    expect(masked(redact, boxes, 0, Buffer.from('{(3,4),(1,2);(7,8),(5,6)}'))?.toString()).toBe(
      '{(0,0),(0,0);(0,0),(0,0)}',
    )
  })
})

describe('maskEffect', () => {
  it('tells a mask that does what it says from one that redacts', () => {
    expect(maskEffect({ kind: 'truncate', to: 'month' }, named('date'))).toBe('as named')
    expect(maskEffect({ kind: 'truncate', to: 'day' }, named('date'))).toBe('redacts')
    expect(maskEffect({ kind: 'truncate', to: 'month' }, named('int4'))).toBe('redacts')
    expect(maskEffect(email, { ...named('_text', 1009), element: named('text') })).toBe('as named')
    expect(maskEffect(email, named('json'))).toBe('redacts')
    expect(maskEffect(redact, named('composite', 90_002))).toBe('becomes NULL')
  })
})

function named(name: string, oid?: number): ValueType {
  const row = typeRows.find((candidate) => candidate.name === name)
  return { name, oid: oid ?? row?.oid ?? 99_999, element: null, enumLabels: null, modifier: -1 }
}

function text(spec: MaskSpec, type: string, value: string, modifier = -1, used: MaskingKeys = keys): string {
  const result = masked(spec, { ...named(type), modifier }, 0, Buffer.from(value), used)
  if (result === null) throw new Error('the value became NULL')
  return result.toString()
}

function masked(
  spec: MaskSpec,
  type: ValueType,
  format: CellFormat,
  cell: Buffer,
  used: MaskingKeys = keys,
): Buffer | null {
  const out = new GrowableOutput(1)
  const present = compileCellMask(spec, type, format, used).apply(cell, 0, cell.length, out)
  return present ? out.bytes.subarray(0, out.length) : null
}

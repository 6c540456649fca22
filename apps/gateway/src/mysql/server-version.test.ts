import { Capability } from '@gatehouse/mysql-wire'
import { describe, expect, test } from 'vitest'
import { askedOfUpstream, offeredToClients } from './capabilities.ts'
import { hidingCharacterSet, pinnedCollation } from './character-sets.ts'
import { dialectOf, readServerVersion } from './server-version.ts'

const mysql = { flavour: 'mysql', version: 90_704 } as const
const mariadb = { flavour: 'mariadb', version: 101_119 } as const

test.each([
  ['9.7.4', mysql],
  ['8.0.39-0ubuntu0.22.04.1', { flavour: 'mysql', version: 80_039 }],
  ['5.5.5-10.11.19-MariaDB-0+deb12u1-log', mariadb],
  ['11.4.2-MariaDB', { flavour: 'mariadb', version: 110_402 }],
  ['newest', null],
])('the version %s tells product and number', (text, expected) => {
  expect(readServerVersion(text)).toEqual(expected)
})

test('the modes that change reading reach the dialect, whatever else is set', () => {
  const dialect = dialectOf(mysql, 'STRICT_TRANS_TABLES,ANSI_QUOTES,NO_BACKSLASH_ESCAPES')
  expect(dialect).toMatchObject({ ansiQuotes: true, noBackslashEscapes: true, pipesAsConcat: false, oracle: false })
  expect(dialectOf(mariadb, 'PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ORACLE')).toMatchObject({
    oracle: true,
    ignoreSpace: true,
  })
})

describe('capabilities', () => {
  const client = offeredToClients(0xffff_ffff, true)

  test('that would bring files, compression, or results nobody describes are offered to nobody and asked of nobody', () => {
    const never =
      Capability.LOCAL_FILES |
      Capability.COMPRESS |
      Capability.ZSTD_COMPRESSION_ALGORITHM |
      Capability.OPTIONAL_RESULTSET_METADATA |
      Capability.NO_SCHEMA |
      Capability.ODBC
    expect(client & never).toBe(0)
    expect((askedOfUpstream(0xffff_ffff, 0xffff_ffff) ?? 0) & never).toBe(0)
  })

  test('session tracking is asked for even where the client did not', () => {
    expect((askedOfUpstream(Capability.PROTOCOL_41, 0xffff_ffff) ?? 0) & Capability.SESSION_TRACK).not.toBe(0)
  })

  test('that shape packets and that the server lacks are no longer offered, and a client that relies on one is not served', () => {
    const without = ~Capability.QUERY_ATTRIBUTES >>> 0
    expect(offeredToClients(without, true) & Capability.QUERY_ATTRIBUTES).toBe(0)
    expect(offeredToClients(null, true) & Capability.QUERY_ATTRIBUTES).toBe(0)
    expect(askedOfUpstream(client, without)).toBeNull()
  })
})

describe('character sets', () => {
  test.each([
    [28, 'gbk'],
    [249, 'gb18030'],
    [1024 + 95, 'cp932'],
    [45, null],
    [8, null],
  ])('collation %d: a set that can hide a backslash is named', (collation, expected) => {
    expect(hidingCharacterSet(collation)).toBe(expected)
  })

  test('a client keeps its collation of utf8mb4 where the server knows it, and gets one of utf8mb4 for any other', () => {
    expect(pinnedCollation(224, mariadb)).toBe(224)
    expect(pinnedCollation(255, mysql)).toBe(255)
    expect(pinnedCollation(255, mariadb)).toBe(45)
    expect(pinnedCollation(8 /* latin1 */, mysql)).toBe(255)
    expect(pinnedCollation(33 /* utf8mb3 */, { ...mysql, version: 50_700 })).toBe(45)
  })
})

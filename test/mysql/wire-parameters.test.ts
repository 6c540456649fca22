import {
  ColumnType,
  CommandReader,
  decodeErr,
  decodeParameters,
  decodePrepareOk,
  encodePrepare,
  ParameterList,
  PayloadReader,
  ResponseHeader,
  UNSIGNED_FLAG,
} from '@gatehouse/mysql-wire'
import { describe, expect, inject, test } from 'vitest'
import { LOGINS, type MysqlAddress } from '../servers/mysql.ts'
import { WireClient } from './wire-client.ts'

const servers = inject('servers')

/** Type, and the value as it goes over the wire. */
const VALUES: readonly (readonly [number, string])[] = [
  [ColumnType.TINY, 'ff'],
  [ColumnType.TINY | UNSIGNED_FLAG, 'ff'],
  [ColumnType.SHORT, '0080'],
  [ColumnType.SHORT | UNSIGNED_FLAG, '0080'],
  [ColumnType.LONG, 'ffffff7f'],
  [ColumnType.LONG, 'feffffff'],
  [ColumnType.LONG | UNSIGNED_FLAG, 'feffffff'],
  [ColumnType.LONGLONG, 'ffffffffffffffff'],
  [ColumnType.LONGLONG | UNSIGNED_FLAG, 'ffffffffffffffff'],
  [ColumnType.FLOAT, '0000c03f'],
  [ColumnType.DOUBLE, '000000000000f8bf'],
  [ColumnType.NEWDECIMAL, '05 2d312e3530'],
  [ColumnType.DECIMAL, '03 312e35'],
  [ColumnType.DATE, '04 d0070102'],
  [ColumnType.DATETIME, '07 d0070102030405'],
  [ColumnType.DATETIME, '0b d0070102030405 06000000'],
  [ColumnType.TIMESTAMP, '0b d0070102030405 40e20100'],
  [ColumnType.TIME, '08 00 00000000 010203'],
  [ColumnType.TIME, '08 01 01000000 010203'],
  [ColumnType.TIME, '0c 00 00000000 010203 0a000000'],
  [ColumnType.STRING, '03 616263'],
  [ColumnType.VAR_STRING, '00'],
  [ColumnType.VARCHAR, '02 c3a9'],
  [ColumnType.BLOB, '03 616263'],
  [ColumnType.LONG_BLOB, 'fc0300 616263'],
]

/** Executes `SELECT CONCAT(?)`: the value as the server understands it, and as this package does. */
async function bothReadings(client: WireClient, statementId: number, type: number, value: string): Promise<string[]> {
  const { writer } = client
  writer.begin(0).int1(0x17).int4(statementId).int1(0).int4(1)
  writer.int1(0).int1(1).int2(type)
  writer.bytes(Buffer.from(value.replaceAll(' ', ''), 'hex')).end()
  const bytes = Buffer.from(writer.written().subarray(4))
  client.send()
  const head = await client.read()
  if (head.peek() === ResponseHeader.ERR) throw new Error(decodeErr(head).errorMessage)
  await client.read()
  const row = await client.read()
  row.skip(2)
  const theirs = row.lenencText()
  await client.read()

  const agreed = { capabilities: client.capabilities, mariadbCapabilities: 0 }
  const execute = new CommandReader(agreed).read(new PayloadReader(bytes), bytes)
  if (execute.kind !== 'COM_STMT_EXECUTE') throw new Error('no execution')
  const list = new ParameterList()
  decodeParameters(execute, bytes, bytes.length, 1, { types: undefined, longData: undefined }, agreed, list)
  // How many zeros a fraction ends in is the server's taste.
  return [theirs, String(list.value(0))].map((text) => text.replace(/(:\d\d)\.(\d*?)0*$/, '$1.$2').replace(/\.$/, ''))
}

async function compareAll(address: MysqlAddress, login: keyof typeof LOGINS): Promise<void> {
  const client = new WireClient(address.port)
  const { user, password } = LOGINS[login]
  const said = await client.login({
    port: address.port,
    user,
    password: Buffer.from(password),
    ca: address.tls?.ca ?? null,
  })
  expect(said.kind).toBe('OK')
  for (const [type, value] of VALUES) {
    encodePrepare('SELECT CONCAT(?)', client.writer)
    client.send()
    const { statementId } = decodePrepareOk(await client.read(), false)
    await client.read()
    await client.read()
    const [theirs, ours] = await bothReadings(client, statementId, type, value)
    expect(`${type}: ${ours}`).toBe(`${type}: ${theirs}`)
  }
  client.close()
}

describe('a parameter is read as the server reads it', () => {
  test('MySQL 9', async (context) => {
    if ('absent' in servers.mysql9) context.skip(servers.mysql9.absent)
    else await compareAll(servers.mysql9.address, 'caching')
  })

  test('MariaDB 10.11', async (context) => {
    if ('absent' in servers.mariadb10) context.skip(servers.mariadb10.absent)
    else await compareAll(servers.mariadb10.address, 'native')
  })
})

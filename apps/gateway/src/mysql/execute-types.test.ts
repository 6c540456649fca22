import {
  Capability,
  CommandReader,
  decodeParameters,
  ParameterList,
  PayloadReader,
  type StatementExecute,
} from '@gatehouse/mysql-wire'
import { describe, expect, it } from 'vitest'
import { sendsTypes, withTypes } from './execute-types.ts'
import type { CommandBytes } from './staged-requests.ts'

const LONG = 3
const agreed = { capabilities: Capability.PROTOCOL_41 | Capability.QUERY_ATTRIBUTES, mariadbCapabilities: 0 }

function execution(hex: string): [StatementExecute, CommandBytes] {
  const bytes = Buffer.from(`1701000000${hex}`.replaceAll(' ', ''), 'hex')
  const message = new CommandReader(agreed).read(new PayloadReader(bytes), bytes)
  return [message as StatementExecute, { bytes, payload: 0, end: bytes.length } as CommandBytes]
}

/** Value of the only parameter; `types` as remembered. */
function valueOf(hex: string, types: Uint16Array | undefined): unknown {
  const [execute, { bytes, end }] = execution(hex)
  const list = new ParameterList()
  decodeParameters(execute, bytes, end, 1, { types, longData: undefined }, agreed, list)
  return list.value(0)
}

describe('the types of an execution, where a count of parameters is sent', () => {
  it.each(['08', '00'])('are found as the server finds them, its flag being %s', (flags) => {
    expect(sendsTypes(...execution(`${flags} 01000000 01 00 01 0300 00 2a000000`), 1, true)).toBe(true)
    const without = `${flags} 01000000 01 00 00 2a000000`
    const [execute, command] = execution(without)
    expect(sendsTypes(execute, command, 1, true)).toBe(false)
    const types = new Uint16Array([LONG])
    const written = withTypes(execute, command, 1, true, types)?.toString('hex', 9) ?? ''
    expect(valueOf(written, undefined)).toBe(valueOf(without, types))
  })
})

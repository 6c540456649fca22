import type { AuditedParameter } from '@gatehouse/core'
import { BodyReader, ProtocolError } from '@gatehouse/postgres-wire'

/** What the gateway looks at in a Bind message; parameters as the trail keeps them: text decoded, binary copied. */
export interface BoundStatement {
  readonly portal: string
  readonly statement: string
  /** Null when there are none. */
  readonly parameters: readonly AuditedParameter[] | null
  readonly resultFormats: readonly number[]
}

const NONE: readonly number[] = []
const TEXT: readonly number[] = [0]
const BINARY: readonly number[] = [1]

/** Decodes a Bind message. Manual: "Message Formats". Throws `ProtocolError` for anything that is not one. */
export function decodeBind(body: BodyReader): BoundStatement {
  const portal = body.cString()
  const statement = body.cString()
  const formats = readFormats(body)
  const count = body.uint16()
  if (formats.length > 1 && formats.length !== count) {
    throw new ProtocolError('BAD_VALUE', `${formats.length} formats for ${count} parameters`)
  }
  let parameters: AuditedParameter[] | null = null
  if (count > 0) {
    parameters = []
    for (let index = 0; index < count; index++) {
      const length = body.int32()
      if (length === -1) {
        parameters.push(null)
        continue
      }
      const value = body.bytes(length)
      const binary = (formats.length === 1 ? formats[0] : formats[index]) === 1
      parameters.push(binary ? Buffer.from(value) : value.toString('utf8'))
    }
  }
  const resultFormats = readFormats(body)
  body.end()
  return { portal, statement, parameters, resultFormats }
}

/** The types that a Parse message declares for its parameters, behind the text: object ids, 0 where the server is to choose. */
export function readParameterTypes(bytes: Buffer, textEnd: number, end: number): readonly number[] {
  const body = new BodyReader(bytes, textEnd + 1, end)
  const count = body.uint16()
  if (count === 0) return NONE
  return Array.from({ length: count }, () => body.int32())
}

function readFormats(body: BodyReader): readonly number[] {
  const count = body.uint16()
  if (count === 0) return NONE
  if (count === 1) return readFormat(body) === 0 ? TEXT : BINARY
  const formats: number[] = []
  for (let left = count; left > 0; left--) formats.push(readFormat(body))
  return formats
}

function readFormat(body: BodyReader): number {
  const format = body.int16()
  if (format !== 0 && format !== 1) throw new ProtocolError('BAD_VALUE', `there is no format code ${format}`)
  return format
}

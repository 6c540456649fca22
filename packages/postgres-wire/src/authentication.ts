import { BodyReader } from './body-reader.ts'
import type { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { BackendTag, FrontendTag } from './tags.ts'

/**
 * What a server asks of a client during login. Manual: "Message Formats", Authentication*.
 * Buffers are views of the message.
 */
export type Authentication =
  | { readonly kind: 'AuthenticationOk' }
  | { readonly kind: 'AuthenticationKerberosV5' }
  | { readonly kind: 'AuthenticationCleartextPassword' }
  | { readonly kind: 'AuthenticationMD5Password'; readonly salt: Buffer }
  | { readonly kind: 'AuthenticationSCMCredential' }
  | { readonly kind: 'AuthenticationGSS' }
  | { readonly kind: 'AuthenticationGSSContinue'; readonly data: Buffer }
  | { readonly kind: 'AuthenticationSSPI' }
  | { readonly kind: 'AuthenticationSASL'; readonly mechanisms: readonly string[] }
  | { readonly kind: 'AuthenticationSASLContinue'; readonly data: Buffer }
  | { readonly kind: 'AuthenticationSASLFinal'; readonly data: Buffer }

const CODES = {
  AuthenticationOk: 0,
  AuthenticationKerberosV5: 2,
  AuthenticationCleartextPassword: 3,
  AuthenticationMD5Password: 5,
  AuthenticationSCMCredential: 6,
  AuthenticationGSS: 7,
  AuthenticationGSSContinue: 8,
  AuthenticationSSPI: 9,
  AuthenticationSASL: 10,
  AuthenticationSASLContinue: 11,
  AuthenticationSASLFinal: 12,
} as const satisfies Record<Authentication['kind'], number>

const SALT_BYTES = 4

/** Throws `UNKNOWN_MESSAGE` for a request code that the manual does not have. */
export function decodeAuthentication(body: BodyReader): Authentication {
  const message = readAuthentication(body.int32(), body)
  body.end()
  return message
}

function readAuthentication(code: number, body: BodyReader): Authentication {
  switch (code) {
    case CODES.AuthenticationOk:
      return { kind: 'AuthenticationOk' }
    case CODES.AuthenticationKerberosV5:
      return { kind: 'AuthenticationKerberosV5' }
    case CODES.AuthenticationCleartextPassword:
      return { kind: 'AuthenticationCleartextPassword' }
    case CODES.AuthenticationMD5Password:
      return { kind: 'AuthenticationMD5Password', salt: body.bytes(SALT_BYTES) }
    case CODES.AuthenticationSCMCredential:
      return { kind: 'AuthenticationSCMCredential' }
    case CODES.AuthenticationGSS:
      return { kind: 'AuthenticationGSS' }
    case CODES.AuthenticationGSSContinue:
      return { kind: 'AuthenticationGSSContinue', data: body.rest() }
    case CODES.AuthenticationSSPI:
      return { kind: 'AuthenticationSSPI' }
    case CODES.AuthenticationSASL:
      return { kind: 'AuthenticationSASL', mechanisms: readMechanisms(body) }
    case CODES.AuthenticationSASLContinue:
      return { kind: 'AuthenticationSASLContinue', data: body.rest() }
    case CODES.AuthenticationSASLFinal:
      return { kind: 'AuthenticationSASLFinal', data: body.rest() }
    default:
      throw new ProtocolError('UNKNOWN_MESSAGE', `there is no authentication request ${code}`)
  }
}

export function encodeAuthentication(message: Authentication, writer: MessageWriter): void {
  writer.begin(BackendTag.Authentication).int32(CODES[message.kind])
  switch (message.kind) {
    case 'AuthenticationMD5Password':
      if (message.salt.length !== SALT_BYTES) throw new ProtocolError('BAD_VALUE', 'an md5 salt has four bytes')
      writer.bytes(message.salt)
      break
    case 'AuthenticationSASL':
      for (const mechanism of message.mechanisms) writer.cString(mechanism)
      writer.byte(0)
      break
    case 'AuthenticationGSSContinue':
    case 'AuthenticationSASLContinue':
    case 'AuthenticationSASLFinal':
      writer.bytes(message.data)
      break
    case 'AuthenticationOk':
    case 'AuthenticationKerberosV5':
    case 'AuthenticationCleartextPassword':
    case 'AuthenticationSCMCredential':
    case 'AuthenticationGSS':
    case 'AuthenticationSSPI':
      break
    default:
      throw message satisfies never
  }
  writer.end()
}

function readMechanisms(body: BodyReader): string[] {
  const mechanisms: string[] = []
  for (let name = body.cString(); name !== ''; name = body.cString()) mechanisms.push(name)
  return mechanisms
}

/** A client's answer to Authentication*. What it holds depends on the question: see the decoders below. A secret. */
export interface AuthenticationResponse {
  readonly kind: 'AuthenticationResponse'
  readonly data: Buffer
}

/** The password in an AuthenticationResponse to AuthenticationCleartextPassword or -MD5Password. A secret: wrap it at once. */
export function decodePassword(data: Buffer): string {
  const body = new BodyReader(data)
  const password = body.cString()
  body.end()
  return password
}

/** `password`: bytes in UTF-8, or a text. Throws `BAD_TEXT` for a NUL inside. */
export function encodePasswordMessage(password: string | Buffer, writer: MessageWriter): void {
  // INVARIANT: a NUL inside would end the field early.
  if (password.includes('\0')) throw new ProtocolError('BAD_TEXT', 'a string to be sent has a NUL inside')
  writer.begin(FrontendTag.AuthenticationResponse)
  if (typeof password === 'string') writer.text(password)
  else writer.bytes(password)
  writer.byte(0).end()
}

/** The client picks a SASL mechanism. `data` is null when the client lets the server speak first. */
export interface SASLInitialResponse {
  readonly mechanism: string
  readonly data: Buffer | null
}

export function decodeSASLInitialResponse(data: Buffer): SASLInitialResponse {
  const body = new BodyReader(data)
  const mechanism = body.cString()
  const length = body.int32()
  if (length < -1) throw new ProtocolError('BAD_VALUE', `an initial response announces a length of ${length}`)
  const initial = length === -1 ? null : body.bytes(length)
  body.end()
  return { mechanism, data: initial }
}

export function encodeSASLInitialResponse(response: SASLInitialResponse, writer: MessageWriter): void {
  writer.begin(FrontendTag.AuthenticationResponse).cString(response.mechanism)
  if (response.data === null) writer.int32(-1)
  else writer.int32(response.data.length).bytes(response.data)
  writer.end()
}

/** SASLResponse and GSSResponse: the bytes as they are. */
export function encodeSASLResponse(data: Buffer, writer: MessageWriter): void {
  writer.begin(FrontendTag.AuthenticationResponse).bytes(data).end()
}

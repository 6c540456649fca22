import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type BackendMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
  saltPassword,
  type ScramChallenge,
  type ScramChannelBinding,
  ScramClient,
} from '@gatehouse/postgres-wire'
import type { IssuedCredential } from '../harness/issue-credential.ts'
import { WireClient, type WireOptions } from './wire-client.ts'

/** How a client proves its secret, step by step; what is not said is done rightly. */
export interface Proof {
  readonly mechanism?: string
  readonly binding?: ScramChannelBinding
  /** The database of the start-up message; default: none. */
  readonly database?: string
  /** What stands behind the name in the user name. */
  readonly plus?: string
  /** The client-final-message that is sent in place of the right one. */
  readonly final?: (right: string) => string
}

/** What came of it. */
export interface Tried {
  /** Kinds of all messages, in order. */
  readonly kinds: readonly string[]
  /** Fields of the ErrorResponse; null: it got in. */
  readonly refusal: Readonly<Record<string, string>> | null
  readonly challenge: ScramChallenge | null
  /** The client-final-message as it went over the wire. */
  readonly final: string
}

/** The certificate's hash, as a client computes it. */
export function bindingTo(certificateFile: string): ScramChannelBinding {
  const { raw } = new X509Certificate(readFileSync(certificateFile))
  return { kind: 'tls-server-end-point', data: createHash('sha256').update(raw).digest() }
}

/** Tries to log in with a session credential, and closes the connection. */
export async function tryCredential(
  where: WireOptions,
  { name, secret }: IssuedCredential,
  proof: Proof = {},
): Promise<Tried> {
  const client = await WireClient.open(where)
  const said: BackendMessage[] = []
  const next = async (): Promise<BackendMessage | null> => {
    const message = await client.next()
    if (message !== null) said.push(message)
    return message
  }
  let challenge: ScramChallenge | null = null
  let final = ''
  try {
    const user = proof.plus === undefined ? name : `${name}+${proof.plus}`
    client.start({ user, ...(proof.database === undefined ? {} : { database: proof.database }) })
    const scram = new ScramClient(randomBytes(18).toString('base64'), proof.binding ?? { kind: 'unsupported' })
    const mechanism = proof.mechanism ?? 'SCRAM-SHA-256'
    if ((await next())?.kind === 'AuthenticationSASL')
      client.write((writer) => encodeSASLInitialResponse({ mechanism, data: scram.first() }, writer))
    const asked = await next()
    if (asked?.kind === 'AuthenticationSASLContinue') {
      challenge = scram.readChallenge(asked.data)
      const right = scram.final(await saltPassword(secret, challenge.salt, challenge.iterations)).toString('latin1')
      final = proof.final?.(right) ?? right
      client.write((writer) => encodeSASLResponse(Buffer.from(final, 'latin1'), writer))
    }
    for (let message = said.at(-1); message?.kind !== 'ReadyForQuery';) {
      const more = await next()
      if (more === null) break
      message = more
    }
  } finally {
    client.destroy()
  }
  const error = said.find((message) => message.kind === 'ErrorResponse')
  const refusal = error?.kind === 'ErrorResponse' ? Object.fromEntries(error.fields) : null
  return { kinds: said.map(({ kind }) => kind), refusal, challenge, final }
}

import type { BackendMessage, FrontendMessage } from '@gatehouse/postgres-wire'
import { bind, execute, parse, query, SYNC } from './messages.ts'
import { errorOf, ServerRefused, type WireClient } from './wire-client.ts'

/** The stream that a COPY … TO STDOUT sent, in one piece. */
export function copied(messages: readonly BackendMessage[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => (message.kind === 'CopyData' ? [message.data] : [])))
}

/** The stream of a COPY … TO STDOUT. Throws `ServerRefused`. */
export async function copyOut(client: WireClient, text: string, extended = false): Promise<Buffer> {
  const asked: FrontendMessage[] = extended ? [parse(text), bind(), execute(), SYNC] : [query(text)]
  const messages = await client.exchange(...asked)
  const error = errorOf(messages)
  if (error !== null) throw new ServerRefused(error)
  return copied(messages)
}

/** Has the server read a stream: COPY … FROM STDIN. Throws `ServerRefused`. */
export async function copyIn(client: WireClient, text: string, stream: Buffer): Promise<void> {
  client.send(query(text))
  await client.until('CopyInResponse')
  client.send({ kind: 'CopyData', data: stream }, { kind: 'CopyDone' })
  const error = errorOf(await client.untilReady())
  if (error !== null) throw new ServerRefused(error)
}

import type { BodyReader } from './body-reader.ts'
import type { MessageWriter } from './message-writer.ts'
import { FrontendTag } from './tags.ts'

/** Runs a text of any number of statements. Manual: "Simple Query". */
export interface Query {
  readonly kind: 'Query'
  readonly text: string
}

/** Answers a Query or Execute whose text holds no statement. */
export interface EmptyQueryResponse {
  readonly kind: 'EmptyQueryResponse'
}

export function decodeQuery(body: BodyReader): Query {
  const text = body.cString()
  body.end()
  return { kind: 'Query', text }
}

export function encodeQuery(message: Query, writer: MessageWriter): void {
  writer.begin(FrontendTag.Query).cString(message.text).end()
}

import type { AuditRecord } from '@gatehouse/core'

/** What a recorded session is told as, in order. Texts are the client's and the server's: nothing in them is safe for a terminal or a page. */
export type ReplayEvent =
  /** A record of the trail: a statement, its outcome, people who were asked, the session's beginning and end. */
  | { readonly kind: 'record'; readonly record: AuditRecord }
  /** A result begins. */
  | { readonly kind: 'columns'; readonly time: number; readonly names: readonly string[] }
  /** One row; null is SQL's NULL. */
  | { readonly kind: 'row'; readonly cells: readonly (string | null)[] }
  /** A piece of COPY: bytes as text, or as hexadecimal digits behind `\x`. */
  | { readonly kind: 'copy'; readonly direction: 'out' | 'in'; readonly text: string }
  /** The statement is done: the server's command tag, or rows changed. */
  | { readonly kind: 'done'; readonly time: number; readonly text: string }
  | {
      readonly kind: 'report'
      readonly time: number
      readonly severity: string
      /** SQLSTATE, or MySQL's number. */
      readonly code: string
      readonly message: string
      readonly detail: string | null
      readonly hint: string | null
    }
  | { readonly kind: 'notification'; readonly time: number; readonly channel: string; readonly payload: string }
  /** So many bytes are not in the recording, and why. */
  | { readonly kind: 'missing'; readonly why: string; readonly bytes: number }

/** Turns bytes that went to a client, or came from it, into events. Throws nothing: what cannot be read is `missing`. */
export interface AnswerDecoder {
  /** What follows answers another intent; `response` is MySQL's `ResponseKind`. */
  answer(intent: number, response: number): void
  sent(bytes: Buffer, time: number): Iterable<ReplayEvent>
  received(bytes: Buffer): Iterable<ReplayEvent>
  /** Bytes were left out: what comes next begins anew. */
  resynchronize(): void
}

/** Bytes as text where they are UTF-8, else as hexadecimal digits. */
export function shownBytes(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes('\uFFFD') && !Buffer.from(text).equals(bytes) ? `\\x${bytes.toString('hex')}` : text
}

import type net from 'node:net'
import { type Farewell, farewell } from './farewell.ts'

/** Why a connection is not served, as the metrics have it. */
export type NoRoom =
  | 'too many'
  | 'too many logging in'
  | 'too many of one address'
  | 'too many logging in of one address'

/** What its client is told. */
export const NO_ROOM: Readonly<Record<NoRoom, Farewell>> = {
  'too many': farewell(
    'no room',
    'GATEWAY_FULL',
    'this gateway has as many connections as it takes',
    'Close connections that you do not use, or connect again later.',
  ),
  'too many logging in': farewell(
    'no room',
    'GATEWAY_FULL',
    'as many connections are logging in as this gateway lets in at once',
    'Connect again in a moment.',
    1,
  ),
  'too many of one address': farewell(
    'no room',
    'GATEWAY_FULL',
    'there are as many connections from your address as may be',
    'Close connections that you do not use, or connect again later.',
  ),
  'too many logging in of one address': farewell(
    'no room',
    'GATEWAY_FULL',
    'as many connections from your address are logging in as may be at once',
    'Connect again in a moment.',
    1,
  ),
}

/** Default: so many that were turned away may be there yet, and each for so long. */
const BOUNDS = { most: 1000, stayMilliseconds: 1000 }

/** Tells connections that are not served why, and closes them. None of them is a connection as the limits have it. */
export class TurnedAway {
  readonly #bounds: typeof BOUNDS
  #open = 0

  /** Of more than `most`, each closes without a word; who has not taken its word and left after `stayMilliseconds` is cut off. */
  constructor(bounds: typeof BOUNDS = BOUNDS) {
    this.#bounds = bounds
  }

  /** Takes a place among those that are told; null: there is none, it closes without a word. The result is called, once, when it has gone. */
  enter(): (() => void) | null {
    if (this.#open >= this.#bounds.most) return null
    this.#open++
    return () => {
      this.#open--
    }
  }

  /** `word`: the last and only message, for a client that has said nothing yet, or not been heard. */
  send(socket: net.Socket, word: Buffer): void {
    const leave = this.enter()
    if (leave === null) return void socket.destroy()
    const late = setTimeout(() => socket.destroy(), this.#bounds.stayMilliseconds).unref()
    socket.on('error', () => undefined)
    socket.once('close', () => {
      clearTimeout(late)
      leave()
    })
    // Read, and thrown away: what is not read when a connection closes resets it, and takes the word with it.
    socket.resume()
    socket.end(word)
  }
}

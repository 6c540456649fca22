/** What one gateway is told by another process. */
export interface Messages {
  /** True when the gateway's receiver has said, within a second, that it did as told. */
  send(gateway: string, message: Message): Promise<boolean>
  /** Takes what is sent to a gateway of this process (`GatewayLease.id`). The function that comes back ends it. */
  receive(gateway: string, receiver: Receiver): () => void
}

/** Does as told; false when there is no such session. Must not throw. */
export type Receiver = (message: Message) => boolean | Promise<boolean>

export type Message =
  | { readonly kind: 'end_session'; readonly session: string; readonly reason: string; readonly by: string }
  /** Cancel what the session runs; who asked has shown the session's secret key, or is the session's principal. */
  | { readonly kind: 'cancel'; readonly session: string }

/** How long a sender waits for a receiver's word. */
export const DELIVERY_MILLISECONDS = 1000

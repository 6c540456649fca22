/** How a header of the PROXY protocol can be wrong. */
export type ProxyProtocolErrorCode =
  | 'MALFORMED' // it is not as the specification has it
  | 'TOO_LONG' // longer than any that a balancer sends
  | 'CHECKSUM' // its CRC-32C is another

/** A sender that broke the PROXY protocol. The message is for operators and holds nothing that was sent. */
export class ProxyProtocolError extends Error {
  override readonly name = 'ProxyProtocolError'
  readonly code: ProxyProtocolErrorCode

  constructor(code: ProxyProtocolErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

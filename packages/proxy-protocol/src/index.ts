export type { ProxyHeader, ProxyHeaderReading } from './header-reading.ts'
export { readProxyHeader } from './proxy-header.ts'
export { ProxyProtocolError, type ProxyProtocolErrorCode } from './proxy-protocol-error.ts'

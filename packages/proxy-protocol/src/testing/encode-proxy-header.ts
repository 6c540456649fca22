import { isIPv4, SocketAddress } from 'node:net'
import { crc32c } from '../crc32c.ts'
import { SIGNATURE } from '../version-2.ts'

/** One end of a connection. */
export interface End {
  readonly address: string
  readonly port: number
}

/** A TLV of version 2. */
export interface TypeLengthValue {
  readonly type: number
  readonly value: Buffer
}

/** A header of version 1, both ends of one family. */
export function encodeVersion1(source: End, destination: End): Buffer {
  const protocol = isIPv4(source.address) ? 'TCP4' : 'TCP6'
  return Buffer.from(
    `PROXY ${protocol} ${source.address} ${destination.address} ${String(source.port)} ${String(destination.port)}\r\n`,
  )
}

/** A header of version 2, both ends of one family, with these TLVs and, where it is asked for, the checksum behind them. */
export function encodeVersion2(
  source: End,
  destination: End,
  typeLengthValues: readonly TypeLengthValue[] = [],
  checksum = false,
): Buffer {
  const addresses = [bytesOf(source.address), bytesOf(destination.address)]
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(source.port, 0)
  ports.writeUInt16BE(destination.port, 2)
  const extra = typeLengthValues.map(encodeTypeLengthValue)
  if (checksum) extra.push(encodeTypeLengthValue({ type: 3, value: Buffer.alloc(4) }))
  const header = rawVersion2(0x21, addresses[0]?.length === 4 ? 0x11 : 0x21, [...addresses, ports, ...extra])
  if (checksum) header.writeUInt32BE(crc32c(header), header.length - 4)
  return header
}

/** A header of version 2 that says nothing of a client, as for a health check. */
export function encodeLocal(): Buffer {
  return rawVersion2(0x20, 0x00, [])
}

/** A header of version 2 with these bytes, right or wrong. */
export function rawVersion2(versionAndCommand: number, familyAndProtocol: number, rest: readonly Buffer[]): Buffer {
  const body = Buffer.concat(rest)
  const fixed = Buffer.from([versionAndCommand, familyAndProtocol, body.length >> 8, body.length & 0xff])
  return Buffer.concat([SIGNATURE, fixed, body])
}

/** One TLV. */
export function encodeTypeLengthValue({ type, value }: TypeLengthValue): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number))
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(new SocketAddress({ address, family: 'ipv6' }).address)
  const last = dotted?.[2] === undefined ? '' : bytesOf(dotted[2]).toString('hex').replace(/.{4}/, '$&:')
  const plain = dotted === null ? new SocketAddress({ address, family: 'ipv6' }).address : `${dotted[1] ?? ''}${last}`
  const [head = '', tail] = plain.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

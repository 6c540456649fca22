import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A directory that knows only whether a name and a password belong together, as PostgreSQL's `ldap` method asks one. */
export interface LdapServer {
  readonly port: number
  /** The names that somebody tried to bind as, in order. */
  readonly asked: readonly string[]
  stop(): Promise<void>
}

/** Result codes of RFC 4511, appendix A. */
const SUCCESS = 0
const PROTOCOL_ERROR = 2
const INVALID_CREDENTIALS = 49

/** Longer than any message here; whoever says that one is longer is cut off. */
const MAX_MESSAGE_BYTES = 1 << 18

/**
 * Starts one on a free port of 127.0.0.1. It knows simple binds of version 3 and unbinds (RFC 4511), nothing else. `knows` is asked with the name as it
 * was sent and the password.
 */
export async function startLdap(knows: (name: string, password: string) => Promise<boolean>): Promise<LdapServer> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy())
    let bytes = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (let message = read(bytes, 0); message !== null; message = read(bytes, 0)) {
        bytes = bytes.subarray(message.end)
        void answer(socket, message.content)
      }
      if (bytes.length > MAX_MESSAGE_BYTES) socket.destroy()
    })
  })
  async function answer(socket: Socket, message: Buffer): Promise<void> {
    const [id, operation] = parts(message)
    if (id === undefined || operation?.tag === UNBIND) return void socket.end()
    const [version, name, authentication] = operation?.tag === BIND ? parts(operation.content) : []
    const isBind = version?.content[0] === 3 && name !== undefined && authentication?.tag === SIMPLE
    let code = PROTOCOL_ERROR
    if (isBind) {
      const who = name.content.toString()
      asked.push(who)
      code = (await knows(who, authentication.content.toString())) ? SUCCESS : INVALID_CREDENTIALS
    }
    const result = element(BIND_RESPONSE, element(0x0a, Buffer.of(code)), element(0x04), element(0x04))
    socket.write(element(0x30, element(0x02, id.content), result))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** [APPLICATION 0], [APPLICATION 1] and [APPLICATION 2] of LDAPMessage; [0] of AuthenticationChoice. */
const BIND = 0x60
const BIND_RESPONSE = 0x61
const UNBIND = 0x42
const SIMPLE = 0x80

interface Element {
  readonly tag: number
  readonly content: Buffer
  readonly end: number
}

/** The element of BER at a place; null: it is not whole yet. */
function read(bytes: Buffer, at: number): Element | null {
  const [tag, first] = [bytes[at], bytes[at + 1]]
  if (tag === undefined || first === undefined) return null
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const begins = at + 2 + lengthBytes
  if (lengthBytes > 4 || bytes.length < begins) return null
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
  const end = begins + length
  return bytes.length < end ? null : { tag, content: bytes.subarray(begins, end), end }
}

function parts(bytes: Buffer): Element[] {
  const found: Element[] = []
  for (let next = read(bytes, 0); next !== null; next = read(bytes, next.end)) found.push(next)
  return found
}

function element(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  if (content.length > 0x7f) throw new Error('an answer is never that long')
  return Buffer.concat([Buffer.of(tag, content.length), content])
}

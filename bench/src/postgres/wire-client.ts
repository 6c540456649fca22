import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import tls from 'node:tls'
import type { Address, Answer } from '../engine.ts'

/** A PostgreSQL client that counts what it gets and keeps nothing, so that it is never what is measured. */
export class WireClient {
  readonly #socket: Socket
  readonly #password: Address
  #loggedIn: ((error: Error | null) => void) | null = null
  #answered: ((error: Error | null) => void) | null = null
  #onRow: ((body: Buffer) => void) | null = null
  #failure: Error | null = null
  #rows = 0
  #bytes = 0
  /** Bytes of the current message still to come after its header. */
  #skip = 0
  /** The beginning of a message that is needed whole. */
  #kept: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket, address: Address) {
    this.#socket = socket
    this.#password = address
    const gone = (error?: Error): void => this.#end(error ?? new Error('the server closed the connection'))
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', gone)
    socket.on('close', () => gone())
  }

  /** Connects and logs in. Rejects with what the server said. */
  static async connect(address: Address): Promise<WireClient> {
    const socket = await open(address)
    const client = new WireClient(socket, address)
    const done = new Promise<void>((resolve, reject) => {
      client.#loggedIn = (error) => (error === null ? resolve() : reject(error))
    })
    const parameters = Buffer.from(`user\0${address.user}\0database\0${address.database}\0\0`)
    const head = Buffer.alloc(8)
    head.writeInt32BE(parameters.length + 8)
    head.writeInt32BE(0x30000, 4)
    socket.write(Buffer.concat([head, parameters]))
    await done
    return client
  }

  /** Runs one text by simple query: everything comes in text format. */
  simple(sql: string): Promise<Answer> {
    return this.#run(message('Q', Buffer.from(`${sql}\0`)))
  }

  /** Runs one statement by extended query, with all results in binary format. */
  binary(sql: string): Promise<Answer> {
    return this.#run(
      Buffer.concat([
        message('P', Buffer.from(`\0${sql}\0\0\0`)),
        message('B', Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 1])),
        message('D', Buffer.from('P\0')),
        message('E', Buffer.from([0, 0, 0, 0, 0])),
        message('S', Buffer.alloc(0)),
      ]),
    )
  }

  /** All rows, cells as text. */
  async rows(sql: string): Promise<(string | null)[][]> {
    const rows: (string | null)[][] = []
    this.#onRow = (body) => rows.push(cellsOf(body))
    await this.simple(sql)
    this.#onRow = null
    return rows
  }

  close(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.end(message('X', Buffer.alloc(0)))
  }

  async #run(request: Buffer): Promise<Answer> {
    this.#rows = 0
    this.#bytes = 0
    this.#failure = null
    const done = new Promise<void>((resolve, reject) => {
      this.#answered = (error) => (error === null ? resolve() : reject(error))
    })
    const begun = performance.now()
    this.#socket.write(request)
    await done
    return { rows: this.#rows, bytes: this.#bytes, milliseconds: performance.now() - begun }
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length
    let bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    this.#kept = Buffer.alloc(0)
    let at = Math.min(this.#skip, bytes.length)
    this.#skip -= at
    while (bytes.length - at >= 5) {
      const tag = bytes[at]
      const length = bytes.readInt32BE(at + 1) + 1
      const whole = bytes.length - at >= length
      if ((tag === 0x44 /* D */ && this.#onRow === null) || tag === 0x64 /* d */) {
        this.#rows++
        this.#skip = whole ? 0 : length - (bytes.length - at)
        at = whole ? at + length : bytes.length
        continue
      }
      if (!whole) break
      this.#message(tag ?? 0, bytes.subarray(at + 5, at + length))
      at += length
    }
    if (at < bytes.length) this.#kept = bytes.subarray(at)
  }

  #message(tag: number, body: Buffer): void {
    switch (tag) {
      case 0x52 /* R */:
        return this.#authenticate(body)
      case 0x44 /* D */:
        return this.#onRow?.(body)
      case 0x45 /* E */:
        this.#failure = new Error(errorText(body))
        if (this.#loggedIn !== null) this.#end(this.#failure)
        return
      case 0x5a /* Z */: {
        const done = this.#loggedIn ?? this.#answered
        this.#loggedIn = null
        done?.(this.#failure)
        return
      }
      default:
    }
  }

  #authenticate(body: Buffer): void {
    const kind = body.readInt32BE()
    const { user, password } = this.#password
    if (kind === 0) return
    if (kind === 3) this.#socket.write(message('p', Buffer.from(`${password}\0`)))
    else if (kind === 5)
      this.#socket.write(message('p', Buffer.from(`md5${md5(md5(password + user), body.subarray(4))}\0`)))
    else this.#end(new Error(`authentication of kind ${String(kind)} is not known here`))
  }

  #end(error: Error): void {
    this.#loggedIn?.(error)
    this.#answered?.(error)
    this.#loggedIn = null
    this.#answered = null
    this.#socket.destroy()
  }
}

async function open(address: Address): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: address.port, noDelay: true })
  await event(socket, 'connect')
  if (address.ca === undefined) return socket
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]))
  const answer = await event(socket, 'data')
  if (String(answer) !== 'S') throw new Error('the server offers no TLS')
  const secure = tls.connect({ socket, ca: address.ca, host: '127.0.0.1', ALPNProtocols: ['postgresql'] })
  await event(secure, 'secureConnect')
  return secure
}

function event(socket: Socket, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once(name, (value: unknown) => {
      socket.off('error', reject)
      resolve(value)
    })
  })
}

function message(tag: string, body: Buffer): Buffer {
  const head = Buffer.from(`${tag}\0\0\0\0`)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

function cellsOf(body: Buffer): (string | null)[] {
  const cells: (string | null)[] = []
  for (let at = 2, left = body.readInt16BE(); left > 0; left--) {
    const length = body.readInt32BE(at)
    at += 4
    cells.push(length < 0 ? null : body.toString('utf8', at, at + length))
    at += Math.max(0, length)
  }
  return cells
}

function errorText(body: Buffer): string {
  const fields = body.toString('utf8').split('\0')
  return `${fields.find((field) => field.startsWith('C'))?.slice(1) ?? '?'}: ${fields.find((field) => field.startsWith('M'))?.slice(1) ?? '?'}`
}

function md5(text: string, salt: Buffer = Buffer.alloc(0)): string {
  return createHash('md5').update(text).update(salt).digest('hex')
}

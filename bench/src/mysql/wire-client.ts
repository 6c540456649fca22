import type { Socket } from 'node:net'
import { encodePrepare, encodeQuery, LARGEST_PACKET, PACKET_HEADER_BYTES, PacketWriter } from '@gatehouse/mysql-wire'
import { CommandClient } from '@gatehouse/test/mysql/command-client.ts'
import type { Address, Answer, CountingClient } from '../engine.ts'

const COM_STMT_EXECUTE = 0x17
/** First bytes of what is no row. Manual: "COM_QUERY Response". */
const OK_AFTER_ROWS = 0xfe
const ERR = 0xff

/** A MySQL client that counts what it gets and keeps nothing, so that it is never what is measured. */
export class WireClient implements CountingClient {
  readonly #login: CommandClient
  readonly #writer = new PacketWriter()
  readonly #prepared = new Map<string, number>()
  #counter: RowCounter | null = null

  private constructor(login: CommandClient) {
    this.#login = login
  }

  /** Connects and logs in. Without TLS a server must know the account from an earlier login. Rejects with what it said. */
  static async connect({ port, ca, user, database, password }: Address): Promise<WireClient> {
    const options = { host: '127.0.0.1', port, ...(ca === undefined ? {} : { ca }) }
    return new WireClient(await CommandClient.login(options, { user, database, password }))
  }

  async people(format: string, table: 'people_plain' | 'people_masked'): Promise<Answer> {
    const sql = `SELECT id, name, email, ssn, age, seen FROM ${table}`
    const counter = (this.#counter ??= new RowCounter(this.#login))
    if (format === 'text') {
      encodeQuery(sql, this.#login.capabilities, this.#writer)
      return counter.rowsOf(this.#writer.take())
    }
    let id = this.#prepared.get(sql)
    if (id === undefined) {
      encodePrepare(sql, this.#writer)
      id = await counter.statementId(this.#writer.take())
      this.#prepared.set(sql, id)
    }
    this.#writer.begin(0).int1(COM_STMT_EXECUTE).int4(id).int1(0).int4(1).end()
    return counter.rowsOf(this.#writer.take())
  }

  close(): void {
    this.#login.end()
  }
}

/** Takes a logged-in client's socket over, for responses of one result each, without EOF packets between their parts. */
class RowCounter {
  readonly #socket: Socket
  #answered: ((error: Error | null) => void) | null = null
  #bytes = 0
  #packets = 0
  /** Packets before the first row; of a reply to COM_STMT_PREPARE, all. */
  #before = Infinity
  #preparing = false
  #statementId = 0
  /** Bytes of the current packet still to come. */
  #skip = 0
  /** The beginning of a packet that did not come whole as far as it is looked at. */
  #kept: Buffer = Buffer.alloc(0)

  constructor({ socket }: CommandClient) {
    this.#socket = socket
    socket.removeAllListeners('data')
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('close', () => this.#end(new Error('the server closed the connection')))
  }

  async rowsOf(request: Buffer): Promise<Answer> {
    this.#preparing = false
    const begun = performance.now()
    await this.#run(request)
    const milliseconds = performance.now() - begun
    // Neither what comes before the rows nor the OK after them.
    return { rows: this.#packets - this.#before - 1, bytes: this.#bytes, milliseconds }
  }

  async statementId(request: Buffer): Promise<number> {
    this.#preparing = true
    await this.#run(request)
    return this.#statementId
  }

  async #run(request: Buffer): Promise<void> {
    this.#bytes = 0
    this.#packets = 0
    this.#before = Infinity
    const done = new Promise<void>((resolve, reject) => {
      this.#answered = (error) => (error === null ? resolve() : reject(error))
    })
    this.#socket.write(request)
    await done
  }

  #read(chunk: Buffer): void {
    this.#bytes += chunk.length
    const bytes = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    this.#kept = Buffer.alloc(0)
    let at = Math.min(this.#skip, bytes.length)
    this.#skip -= at
    while (bytes.length - at > PACKET_HEADER_BYTES) {
      const length = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
      const end = at + PACKET_HEADER_BYTES + length
      const first = bytes[at + PACKET_HEADER_BYTES] ?? 0
      const isRow =
        this.#packets >= this.#before && first !== ERR && (first !== OK_AFTER_ROWS || length >= LARGEST_PACKET)
      if (!isRow && end > bytes.length) break
      this.#packets++
      this.#skip = Math.max(0, end - bytes.length)
      if (!isRow) this.#packet(first, bytes.subarray(at + PACKET_HEADER_BYTES, end))
      at = Math.min(end, bytes.length)
    }
    if (at < bytes.length) this.#kept = bytes.subarray(at)
  }

  #packet(first: number, payload: Buffer): void {
    if (first === ERR) return this.#end(new Error(payload.toString('utf8', 3)))
    if (this.#packets === 1) {
      // A count below 251 is one byte; a reply to COM_STMT_PREPARE has two counts after the id.
      this.#before = 1 + (this.#preparing ? payload.readUInt16LE(5) + payload.readUInt16LE(7) : first)
      if (this.#preparing) this.#statementId = payload.readUInt32LE(1)
    }
    if (this.#preparing ? this.#packets >= this.#before : this.#packets > this.#before) this.#end(null)
  }

  #end(error: Error | null): void {
    this.#answered?.(error)
    this.#answered = null
  }
}

import { readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { join } from 'node:path'
import protobuf from 'protobufjs'

/** A span as it was received. Times in nanoseconds since the epoch. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty: it has no parent. */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: number
  readonly start: bigint
  readonly end: bigint
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: number
  readonly resource: Readonly<Record<string, unknown>>
}

/** A line of a log as it was received. Times in nanoseconds since the epoch. */
export interface ReceivedLine {
  readonly time: bigint
  readonly severityNumber: number
  readonly severityText: string
  readonly body: unknown
  readonly attributes: Readonly<Record<string, unknown>>
  /** Empty: it belongs to none. */
  readonly traceId: string
  readonly resource: Readonly<Record<string, unknown>>
}

interface WireValue {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string | number
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values?: readonly WireValue[] }
  readonly kvlistValue?: { readonly values?: WireAttributes }
}
type WireAttributes = readonly { readonly key: string; readonly value: WireValue }[]
interface WireSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: WireAttributes
  readonly status?: { readonly code?: number }
}
interface WireLine {
  readonly timeUnixNano: string
  readonly severityNumber?: number
  readonly severityText?: string
  readonly body?: WireValue
  readonly attributes?: WireAttributes
  readonly traceId?: string
}
interface WireRequest {
  readonly resourceLogs?: readonly {
    readonly resource: { readonly attributes?: WireAttributes }
    readonly scopeLogs: readonly { readonly logRecords: readonly WireLine[] }[]
  }[]
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes?: WireAttributes }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
}

const { root } = protobuf.parse(readFileSync(join(import.meta.dirname, 'otlp.proto'), 'utf8'))
const Traces = root.lookupType('opentelemetry.proto.ExportTraceServiceRequest')
const Logs = root.lookupType('opentelemetry.proto.ExportLogsServiceRequest')

/** Takes traces and logs by OTLP over HTTP, as protobuf or JSON, and keeps what came. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = []
  readonly lines: ReceivedLine[] = []
  /** Every byte that came, as text: what may not be in it can be looked for. */
  readonly bodies: string[] = []
  readonly headers: IncomingHttpHeaders[] = []
  /** What it answers with; null: it does not answer. */
  status: number | null = 200
  /** Requests that came, taken or not. */
  asked = 0
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        this.asked++
        if (this.status === null) return
        if (this.status === 200) this.#take(request.url ?? '', request.headers, Buffer.concat(chunks))
        response.writeHead(this.status, { 'content-type': request.headers['content-type'] ?? 'text/plain' }).end()
      })
    })
  }

  static async open(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver()
    await new Promise<void>((resolve) => void receiver.#server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  /** Where traces are sent. */
  get endpoint(): string {
    return `${this.#origin}/v1/traces`
  }

  /** Where logs are sent. */
  get logsEndpoint(): string {
    return `${this.#origin}/v1/logs`
  }

  get #origin(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the receiver does not listen')
    return `http://127.0.0.1:${String(address.port)}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #take(path: string, headers: IncomingHttpHeaders, body: Buffer): void {
    this.headers.push(headers)
    this.bodies.push(body.toString('latin1'))
    const json = headers['content-type'] === 'application/json'
    const request = json ? (JSON.parse(body.toString('utf8')) as WireRequest) : decoded(path, body)
    for (const { resource, scopeLogs } of request.resourceLogs ?? [])
      for (const { logRecords } of scopeLogs)
        for (const line of logRecords)
          this.lines.push({
            time: BigInt(line.timeUnixNano),
            severityNumber: line.severityNumber ?? 0,
            severityText: line.severityText ?? '',
            body: line.body === undefined ? undefined : plainValue(line.body),
            attributes: plain(line.attributes),
            traceId: line.traceId ?? '',
            resource: plain(resource.attributes),
          })
    for (const { resource, scopeSpans } of request.resourceSpans ?? [])
      for (const { spans } of scopeSpans)
        for (const span of spans)
          this.spans.push({
            traceId: span.traceId,
            spanId: span.spanId,
            parentSpanId: span.parentSpanId ?? '',
            name: span.name,
            kind: span.kind,
            start: BigInt(span.startTimeUnixNano),
            end: BigInt(span.endTimeUnixNano),
            attributes: plain(span.attributes),
            status: span.status?.code ?? 0,
            resource: plain(resource.attributes),
          })
  }
}

/** The protobuf form, as the JSON form has it. Throws for what is not OTLP. */
function decoded(path: string, body: Buffer): WireRequest {
  const kind = path === '/v1/logs' ? Logs : Traces
  const message = kind.toObject(kind.decode(body), { longs: String, enums: Number, bytes: Buffer })
  const hex = (_: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value
      ? Buffer.from(value.data as number[]).toString('hex')
      : value
  return JSON.parse(JSON.stringify(message), hex) as WireRequest
}

function plain(attributes: WireAttributes = []): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainValue(value)]))
}

function plainValue(value: WireValue): unknown {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue)
  if (value.kvlistValue !== undefined) return plain(value.kvlistValue.values)
  if (value.intValue !== undefined) return Number(value.intValue)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}

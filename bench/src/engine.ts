export type EngineName = 'postgres' | 'mysql'

/** How to log in somewhere; with `ca` the connection is made over TLS. */
export interface Address {
  readonly port: number
  readonly user: string
  readonly database: string
  readonly password: string
  readonly ca?: string
}

/** What one query brought back. */
export interface Answer {
  readonly rows: number
  /** Bytes of all messages. */
  readonly bytes: number
  readonly milliseconds: number
}

/** A client that counts what it gets and keeps nothing. */
export interface CountingClient {
  /** All rows of a table of people, in one of the engine's formats. */
  readonly people: (format: string, table: 'people_plain' | 'people_masked') => Promise<Answer>
  readonly close: () => void
}

/** Statements that clients send one after the other, each waiting for its answer. */
export interface Workload {
  readonly name: string
  readonly clients: number
  /** Measured in one round less than others, where there are several. */
  readonly lessRounds?: true
}

/** What one run of a workload showed; logins and first statements do not count. */
export interface LoadResult {
  readonly statementsPerSecond: number
  readonly p50Microseconds: number
  readonly p99Microseconds: number
  /** What `sample` counted up while so many statements ran. */
  readonly sampled: readonly number[]
  readonly statementsSampled: number
}

/** The program that sends statements. */
export interface Load {
  /** `sample` is read when the measured seconds begin and when they end. */
  readonly run: (
    address: Address,
    workload: Workload,
    seconds: number,
    sample: () => readonly number[],
  ) => Promise<LoadResult>
}

/** A running database, filled, with what sends statements to it. */
export interface Database {
  readonly port: number
  readonly pid: number
  readonly login: { readonly user: string; readonly password: string }
  /** The authority of its certificate; null: it has none. */
  readonly caFile: string | null
  readonly load: Load
  readonly stop: () => Promise<void>
}

/** The program beside which the gateway is measured. */
export interface Peer {
  readonly port: number
  readonly pid: number
  readonly version: string
  readonly stop: () => Promise<void>
}

/** What differs between the databases that are measured. */
export interface Engine {
  readonly name: EngineName
  /** With its version. */
  readonly databaseName: string
  readonly peerName: string
  /** What sends statements, and whose latencies it tells. */
  readonly loadName: string
  readonly latencyOf: string
  readonly policy: string
  /** What the design asks of throughput, and of CPU for each statement beside the peer's; null: nothing. */
  readonly throughputTarget: { readonly to: 'peer' | 'relay'; readonly least: number }
  readonly cpuTarget: number | null
  readonly rowFormats: readonly string[]
  readonly workloads: (quick: boolean) => readonly Workload[]
  /** What `profile` runs. */
  readonly profiled: readonly Workload[]
  /** Programs of this folder: one that times decisions, and a database that only lets sessions in. */
  readonly decisionTimer: string
  readonly standIn: string
  readonly startDatabase: (folder: string) => Promise<Database>
  readonly startPeer: (database: Database) => Promise<Peer>
  readonly connect: (address: Address) => Promise<CountingClient>
}

import { type ChildProcess, fork } from 'node:child_process'
import type { WorkerPorts } from '@gatehouse/gateway'
import type { Logger } from 'pino'
import { type ConfigText, type FromWorker, type ToWorker, WORKER_VARIABLE } from './messages.ts'
import { RestartDelay } from './restart-delay.ts'

/** What the primary runs its workers with. */
export interface WorkerPoolOptions {
  readonly workers: number
  readonly config: ConfigText
  readonly ports: WorkerPorts
  readonly log: Logger
}

/** The workers of one gateway: started together, replaced one by one when they end by themselves, ended together. */
export class WorkerPool {
  readonly #workers: Worker[]
  #config: ConfigText

  constructor({ workers, config, ports, log }: WorkerPoolOptions) {
    this.#config = config
    const start = (restarts: number): ToWorker => ({ kind: 'start', config: this.#config, ports, restarts })
    this.#workers = Array.from({ length: workers }, (_, at) => new Worker(at + 1, start, log))
  }

  /** Resolves when all listen. Rejects with what the first that cannot start says; then none is left. */
  async start(): Promise<void> {
    try {
      await Promise.all(this.#workers.map((worker) => worker.start()))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** All read policy and certificates again, and take over these settings; null: they keep theirs. */
  reload(config: ConfigText | null): void {
    this.#config = config ?? this.#config
    this.#tell({ kind: 'reload', config })
  }

  /** All drain. Resolves when none is left. */
  async drain(): Promise<void> {
    await this.#end({ kind: 'drain' })
  }

  /** All end their sessions at once, also where they drain. Resolves when none is left. */
  async close(): Promise<void> {
    await this.#end({ kind: 'close' })
  }

  async #end(message: ToWorker): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end(message)))
  }

  #tell(message: ToWorker): void {
    for (const worker of this.#workers) worker.tell(message)
  }
}

/** One place for a worker, and the process that has it just now. */
class Worker {
  readonly #number: number
  readonly #start: (restarts: number) => ToWorker
  readonly #log: Logger
  readonly #delay = new RestartDelay()
  #child: ChildProcess | null = null
  #gone: Promise<void> = Promise.resolve()
  /** Until it is started again. */
  #timer: NodeJS.Timeout | null = null
  #ending = false
  #restarts = 0

  constructor(number: number, start: (restarts: number) => ToWorker, log: Logger) {
    this.#number = number
    this.#start = start
    this.#log = log
  }

  /** Resolves when the first process listens; rejects when it ends before. Later ones are replaced. */
  start(): Promise<void> {
    const listening = Promise.withResolvers<void>()
    this.#launch(listening)
    return listening.promise
  }

  tell(message: ToWorker): void {
    // One that is just ending hears nothing more, and its successor is told by its start.
    if (this.#child?.connected === true) this.#child.send(message, () => undefined)
  }

  async end(message: ToWorker): Promise<void> {
    this.#ending = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.tell(message)
    await this.#gone
  }

  #launch(first: PromiseWithResolvers<void> | null): void {
    this.#timer = null
    const worker = this.#number
    const [script = ''] = process.argv.slice(1)
    const child = fork(script, process.argv.slice(2), {
      env: { ...process.env, [WORKER_VARIABLE]: String(worker) },
    })
    const gone = Promise.withResolvers<void>()
    this.#child = child
    this.#gone = gone.promise
    let listensSince: number | null = null
    let failure: string | null = null
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'failed') failure = message.message
      else {
        listensSince = performance.now()
        this.#log.info({ worker, pid: child.pid, restarts: this.#restarts }, 'worker is listening')
        first?.resolve()
      }
    })
    const over = (code: number | null, signal: string | null): void => {
      if (this.#child !== child) return
      this.#child = null
      gone.resolve()
      if (listensSince === null && first !== null) {
        this.#ending = true
        first.reject(
          new Error(
            failure ?? `worker ${String(worker)} ended while starting (${signal ?? `exit status ${String(code)}`})`,
          ),
        )
      } else if (!this.#ending) this.#replace(listensSince, { worker, pid: child.pid, code, signal, failure })
    }
    child.on('exit', over)
    child.on('error', (error) => {
      failure ??= error.message
      // Without a process id it was never there, and does not exit.
      if (child.pid === undefined) over(null, null)
    })
    child.send(this.#start(this.#restarts), () => undefined)
  }

  #replace(listensSince: number | null, ended: Readonly<Record<string, unknown>>): void {
    const delay = this.#delay.after(listensSince === null ? null : performance.now() - listensSince)
    this.#restarts++
    const details = { ...ended, restarts: this.#restarts, againInMilliseconds: delay }
    if (ended.code === 0) this.#log.warn(details, 'worker ended and is replaced')
    else this.#log.error(details, 'worker crashed and is replaced')
    this.#timer = setTimeout(() => this.#launch(null), delay)
  }
}

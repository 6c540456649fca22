import { Worker } from 'node:worker_threads'
import { unreadable } from './reading.ts'
import type { Analysis, WorkerAnswer, WorkerRequest } from './worker-messages.ts'

/** Milliseconds a worker has to start, or to take a catalog. */
const preparationMilliseconds = 10_000
/** Catalogs a worker keeps. */
const maxCatalogs = 4
/** Texts that may wait for the worker. */
const maxWaiting = 64
/** Memory of the worker's heap, in MiB: a text that needs more ends it. */
const heapMebibytes = 768

interface Running {
  readonly worker: Worker
  /** Numbers of the catalogs it holds, oldest first. */
  readonly catalogs: number[]
}

/** One replaceable thread that reads one text at a time; when it is late or dies it is dropped, and the next text starts a new one. */
export class WorkerClient<Catalog extends { readonly version: string }, Rows, Ask> {
  readonly #module: URL
  readonly #start: unknown
  readonly #deadlineMilliseconds: number
  readonly #numbers = new WeakMap<Catalog, number>()
  #nextNumber = 1
  #running: Running | null = null
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #closed = false

  /** `module` runs in the thread and answers `WorkerRequest`s; it is given `start` as its data. */
  constructor(module: URL, start: unknown, deadlineMilliseconds: number) {
    this.#module = module
    this.#start = start
    this.#deadlineMilliseconds = deadlineMilliseconds
  }

  /** Reads a text of its own memory. Never rejects: what cannot be read in time is refused. */
  async read(
    text: Uint8Array,
    ask: Ask,
    catalog: Catalog,
    rowsOf: (catalog: Catalog) => Rows | undefined,
  ): Promise<Analysis> {
    if (this.#waiting >= maxWaiting) return refusal('too many large statements are waiting to be read; try again')
    this.#waiting++
    const turn = this.#last.then(async () => {
      try {
        if (this.#closed) return refusal('the reader is closed')
        return await this.#readNow(text, ask, catalog, rowsOf)
      } catch (error) {
        await this.#drop()
        return refusal(
          error instanceof LateError ? error.message : 'statement too complex: its reader ran out of memory or failed',
        )
      } finally {
        this.#waiting--
      }
    })
    this.#last = turn
    return turn
  }

  /** Ends the thread; texts that wait are refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#drop()
    await this.#last
  }

  async #readNow(
    text: Uint8Array,
    ask: Ask,
    catalog: Catalog,
    rowsOf: (catalog: Catalog) => Rows | undefined,
  ): Promise<Analysis> {
    const running = (this.#running ??= await this.#launch())
    const number = this.#numberOf(catalog)
    if (!running.catalogs.includes(number)) {
      const rows = rowsOf(catalog)
      if (rows === undefined) return refusal('the rows of the catalog are not at hand for a large statement')
      const forget = running.catalogs.length < maxCatalogs ? null : (running.catalogs.shift() ?? null)
      await this.#ask(
        running,
        { kind: 'catalog', catalog: number, version: catalog.version, rows, forget },
        preparationMilliseconds,
      )
      running.catalogs.push(number)
    }
    const answer = await this.#ask(running, { kind: 'read', text, catalog: number, ask }, this.#deadlineMilliseconds)
    if (answer.kind !== 'analysis') throw new Error('the worker answered out of turn')
    return answer.analysis
  }

  async #launch(): Promise<Running> {
    const worker = new Worker(this.#module, {
      workerData: this.#start,
      resourceLimits: { maxOldGenerationSizeMb: heapMebibytes },
      env: {},
    })
    worker.unref()
    const running: Running = { worker, catalogs: [] }
    // An error is always followed by an exit.
    worker.on('error', () => {})
    worker.on('exit', () => {
      if (this.#running === running) this.#running = null
    })
    // Known before it is ready, so that a failure to start drops it.
    this.#running = running
    await this.#ask(running, null, preparationMilliseconds)
    return running
  }

  #ask(running: Running, request: WorkerRequest<Rows, Ask> | null, milliseconds: number): Promise<WorkerAnswer> {
    return answerOf(running.worker, request, milliseconds)
  }

  async #drop(): Promise<void> {
    const running = this.#running
    this.#running = null
    await running?.worker.terminate()
  }

  #numberOf(catalog: Catalog): number {
    let number = this.#numbers.get(catalog)
    if (number === undefined) {
      number = this.#nextNumber++
      this.#numbers.set(catalog, number)
    }
    return number
  }
}

class LateError extends Error {}

function refusal(message: string): Analysis {
  return { reading: unreadable('TOO_COMPLEX', message), holds: 'once' }
}

/** Posts a request (null: waits for the start alone) and takes the one answer. Rejects when it is late, or the thread dies. */
function answerOf(worker: Worker, request: object | null, milliseconds: number): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      stop()
      reject(new LateError(`statement too complex: not read within ${milliseconds} ms`))
    }, milliseconds)
    const onMessage = (answer: WorkerAnswer): void => {
      stop()
      resolve(answer)
    }
    const onFailure = (): void => {
      stop()
      reject(new Error('the reading thread ended'))
    }
    const stop = (): void => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('messageerror', onFailure)
      worker.off('exit', onFailure)
      worker.unref()
    }
    worker.on('message', onMessage)
    worker.on('messageerror', onFailure)
    worker.on('exit', onFailure)
    worker.ref()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
    if (request !== null) worker.postMessage(request)
  })
}

import { ExportResultCode } from '@opentelemetry/core'
import { expect, test, vi } from 'vitest'
import { type Exporter, ExportQueue } from './export-queue.ts'

const SPAN = 'a span'
/** The end waits for a second. */
const LIMITS = { most: 600, lastMilliseconds: 1_000 }

/** A collector that answers when it is told to. */
class Collector implements Exporter<string> {
  readonly batches: number[] = []
  readonly answers: ((ok: boolean) => void)[] = []
  export(spans: string[], told: Parameters<Exporter<string>['export']>[1]): void {
    this.batches.push(spans.length)
    this.answers.push((ok) =>
      told(ok ? { code: ExportResultCode.SUCCESS } : { code: ExportResultCode.FAILED, error: new Error('no') }),
    )
  }
  shutdown(): Promise<void> {
    return Promise.resolve()
  }
}

test('spans are sent one batch at a time; what there is no room for is dropped and counted', async () => {
  const collector = new Collector()
  const queue = new ExportQueue(collector, LIMITS, () => undefined)
  for (let count = 0; count < 2000; count++) queue.add(SPAN)
  // 512 are under way, 600 wait.
  expect(collector.batches).toEqual([512])
  expect(queue.account).toEqual({ exported: 0, dropped: 888, failed: 0, queued: 600 })
  collector.answers[0]?.(true)
  await vi.waitFor(() => expect(collector.batches).toEqual([512, 512]), 20_000)
  collector.answers[1]?.(false)
  await vi.waitFor(() => expect(collector.batches).toEqual([512, 512, 88]), 20_000)
  collector.answers[2]?.(true)
  await vi.waitFor(() => expect(queue.account).toEqual({ exported: 600, dropped: 888, failed: 512, queued: 0 }), 20_000)
})

test('why sending fails is said once, and when it works again', async () => {
  const collector = new Collector()
  const said: (string | null)[] = []
  const queue = new ExportQueue(collector, LIMITS, (error) => said.push(error))
  for (const [round, ok] of [false, false, true, true].entries()) {
    queue.add(SPAN)
    await vi.waitFor(() => expect(collector.answers).toHaveLength(round + 1), 20_000)
    collector.answers[round]?.(ok)
    await vi.waitFor(() => expect(queue.account.exported + queue.account.failed).toBe(round + 1), 20_000)
  }
  expect(said).toEqual(['no', null])
})

test('the end waits for what is left, and not for a collector that does not answer', async () => {
  const collector = new Collector()
  const queue = new ExportQueue(collector, LIMITS, () => undefined)
  queue.add(SPAN)
  queue.add(SPAN)
  const closed = queue.close()
  await vi.waitFor(() => expect(collector.batches).toEqual([2]), 20_000)
  expect(await closed).toBe(false)
  queue.add(SPAN)
  expect(queue.account.dropped).toBe(1)
})

test('the end says whether a request is still under way', async () => {
  const [answering, silent] = [new Collector(), new Collector()]
  // As an exporter's does, which waits for its requests.
  silent.shutdown = () => new Promise(() => undefined)
  const queues = [answering, silent].map((collector) => new ExportQueue(collector, LIMITS, () => undefined))
  for (const queue of queues) queue.add(SPAN)
  const closed = queues.map((queue) => queue.close())
  answering.answers[0]?.(true)
  silent.answers[0]?.(true)
  expect(await Promise.all(closed)).toEqual([true, false])
})

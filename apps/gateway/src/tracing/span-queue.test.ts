import { ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'
import { expect, test, vi } from 'vitest'
import { SpanQueue } from './span-queue.ts'

const SPAN = {} as ReadableSpan

/** A collector that answers when it is told to. */
class Collector implements SpanExporter {
  readonly batches: number[] = []
  readonly answers: ((ok: boolean) => void)[] = []
  export(spans: ReadableSpan[], told: Parameters<SpanExporter['export']>[1]): void {
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
  const queue = new SpanQueue(collector, 600, () => undefined)
  for (let count = 0; count < 2000; count++) queue.onEnd(SPAN)
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
  const queue = new SpanQueue(collector, 600, (error) => said.push(error))
  for (const [round, ok] of [false, false, true, true].entries()) {
    queue.onEnd(SPAN)
    await vi.waitFor(() => expect(collector.answers).toHaveLength(round + 1), 20_000)
    collector.answers[round]?.(ok)
    await vi.waitFor(() => expect(queue.account.exported + queue.account.failed).toBe(round + 1), 20_000)
  }
  expect(said).toEqual(['no', null])
})

test('the end waits for what is left, and not for a collector that does not answer', async () => {
  const collector = new Collector()
  const queue = new SpanQueue(collector, 600, () => undefined)
  queue.onEnd(SPAN)
  queue.onEnd(SPAN)
  const closed = queue.shutdown()
  await vi.waitFor(() => expect(collector.batches).toEqual([2]), 20_000)
  await closed
  queue.onEnd(SPAN)
  expect(queue.account.dropped).toBe(1)
})

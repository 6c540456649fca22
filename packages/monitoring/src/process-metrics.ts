import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Sample, ScrapedMetrics } from './scraped-metrics.ts'

/** How often the event loop's delay is sampled. */
const RESOLUTION_MILLISECONDS = 20

/**
 * Tells of this process: processor time, memory, descriptors, the event loop's lag; what it is and how long it runs. `component`: `gateway` or
 * `admin`. The function that comes back ends the measuring.
 */
export function measureProcess(metrics: ScrapedMetrics, component: string, version: string): () => void {
  const one = (value: number): Sample[] => [[{}, value]]
  metrics.gauge(
    {
      name: 'gatehouse_build_info',
      help: 'Always 1; its labels say what runs.',
      labelNames: ['component', 'version', 'node'],
    },
    () => [[{ component, version, node: process.versions.node }, 1]],
  )
  metrics.counter({ name: 'process_cpu_seconds_total', help: 'Processor time, of users and system, seconds.' }, () => {
    const { user, system } = process.cpuUsage()
    return one((user + system) / 1e6)
  })
  metrics.gauge(
    { name: 'process_start_time_seconds', help: 'When the process started, seconds since the epoch.' },
    () => one(performance.timeOrigin / 1000),
  )
  metrics.gauge({ name: 'process_resident_memory_bytes', help: 'Memory that the system gave the process.' }, () =>
    one(process.memoryUsage.rss()),
  )
  metrics.gauge(
    {
      name: 'nodejs_memory_bytes',
      help: 'Memory of Node: `heap_used`, `heap_total`, `external`, `array_buffers`.',
      labelNames: ['kind'],
    },
    () => {
      const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
      return [
        [{ kind: 'heap_used' }, heapUsed],
        [{ kind: 'heap_total' }, heapTotal],
        [{ kind: 'external' }, external],
        [{ kind: 'array_buffers' }, arrayBuffers],
      ]
    },
  )
  metrics.gauge({ name: 'process_open_fds', help: 'Open file descriptors; absent where they cannot be counted.' }, () =>
    readdir('/proc/self/fd').then(
      ({ length }) => one(length),
      () => [],
    ),
  )
  metrics.gauge({ name: 'process_max_fds', help: 'Most file descriptors that the process may have.' }, () => {
    const most = maxDescriptors()
    return most === null ? [] : one(most)
  })
  return measureEventLoop(metrics)
}

/** Most descriptors this process may have; null: it cannot be told, or there is no limit. */
export function maxDescriptors(): number | null {
  try {
    const most = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return most === undefined ? null : Number(most)
  } catch {
    return null
  }
}

function measureEventLoop(metrics: ScrapedMetrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS })
  delay.enable()
  // The timer that samples comes late by its own resolution at best: what is beyond that is lag.
  const lag = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MILLISECONDS / 1000)
  metrics.gauge(
    {
      name: 'nodejs_eventloop_lag_seconds',
      help: 'How late the event loop was since the last scrape: `p50`, `p99`, `max`.',
      labelNames: ['quantile'],
    },
    () => {
      const samples: Sample[] = [
        [{ quantile: 'p50' }, lag(delay.percentile(50))],
        [{ quantile: 'p99' }, lag(delay.percentile(99))],
        [{ quantile: 'max' }, lag(delay.max)],
      ]
      const known = delay.count > 0 ? samples : samples.map(([labels]): Sample => [labels, 0])
      delay.reset()
      return known
    },
  )
  const utilization = { at: performance.eventLoopUtilization() }
  metrics.gauge(
    {
      name: 'nodejs_eventloop_utilization',
      help: 'Part of the time since the last scrape in which the event loop was busy, 0 to 1.',
    },
    () => {
      const now = performance.eventLoopUtilization()
      const { utilization: busy } = performance.eventLoopUtilization(now, utilization.at)
      utilization.at = now
      return [[{}, Number.isFinite(busy) ? busy : 0]]
    },
  )
  return () => delay.disable()
}

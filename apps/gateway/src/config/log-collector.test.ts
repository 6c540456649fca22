import { Secret } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import type { TracingConfig } from '../tracing/tracing-settings.ts'
import { collectorOfLog, logCollectorFault } from './log-collector.ts'
import { needsRestart } from './needs-restart.ts'

const otlp = {
  endpoint: 'https://collector.example.com/tenant/v1/traces?key=1',
  protocol: 'http/json' as const,
  headers: { authorization: new Secret('Bearer x') },
  caFile: '/ca.pem',
  timeoutSeconds: 7,
}
const tracing = (endpoint = otlp.endpoint): TracingConfig => ({
  otlp: { ...otlp, endpoint },
  sampling: 1,
  maxQueuedSpans: 128,
})
const log = { level: 'info' as const, collector: { otlp: null, maxQueuedLines: 200 } }

describe('a log that goes to the collector of the traces', () => {
  test('is sent beside them, as they are', () => {
    expect(logCollectorFault({ log, tracing: tracing() })).toBe(null)
    expect(collectorOfLog({ log, tracing: tracing() })).toEqual({
      otlp: { ...otlp, endpoint: 'https://collector.example.com/tenant/v1/logs?key=1' },
      maxQueuedLines: 200,
    })
  })

  test('cannot be, where nobody can say where that is: then it is sent nowhere', () => {
    expect(logCollectorFault({ log, tracing: null })).toContain('there is no tracing')
    expect(() => collectorOfLog({ log, tracing: null })).toThrow()
    for (const endpoint of [
      'https://c.example.com/traces',
      'https://c.example.com/v1/traces/',
      'https://c.example.com/',
    ]) {
      expect(logCollectorFault({ log, tracing: tracing(endpoint) })).toContain('does not end in /v1/traces')
      expect(() => collectorOfLog({ log, tracing: tracing(endpoint) })).toThrow()
    }
  })

  test('has no say where it has a collector of its own, or none', () => {
    const own = { ...otlp, endpoint: 'https://other.example.com/logs' }
    const config = { log: { ...log, collector: { otlp: own, maxQueuedLines: 200 } }, tracing: tracing('https://c/x') }
    expect(logCollectorFault(config)).toBe(null)
    expect(collectorOfLog(config)?.otlp).toBe(own)
    expect(collectorOfLog({ log: { ...log, collector: null }, tracing: tracing() })).toBe(null)
  })

  test('is not changed while a gateway runs; its level is', () => {
    expect(needsRestart(['log.collector', 'log.collector.otlp.endpoint', 'log.level'])).toEqual([
      'log.collector',
      'log.collector.otlp.endpoint',
    ])
  })
})

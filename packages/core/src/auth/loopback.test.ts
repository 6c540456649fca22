import { describe, expect, test } from 'vitest'
import { isLoopbackHost } from './loopback.ts'

describe('a loopback host', () => {
  test('is this machine and nothing else', () => {
    for (const host of [
      '127.0.0.1',
      '127.255.255.254',
      '::1',
      '[::1]',
      '0:0:0:0:0:0:0:1',
      'localhost',
      'LocalHost',
      '::ffff:127.0.0.1',
    ]) {
      expect(isLoopbackHost(host), host).toBe(true)
    }
    for (const host of [
      '',
      '0.0.0.0',
      '::',
      '128.0.0.1',
      '10.0.0.1',
      '::ffff:10.0.0.1',
      '127.0.0.1.x.example',
      'localhost.',
      '127.1',
      '::1%eth0',
    ]) {
      expect(isLoopbackHost(host), host).toBe(false)
    }
  })
})

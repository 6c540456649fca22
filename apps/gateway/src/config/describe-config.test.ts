import { EnvironmentReference, NO_SHIPPING } from '@gatehouse/configuration'
import { Secret } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { issuerConfig } from '@gatehouse/identity/testing'
import { describeConfig, weakerChoices } from './describe-config.ts'
import type { GatewayConfig, UpstreamTlsMode } from './gateway-config.ts'

function config(mode: UpstreamTlsMode = 'verify-full', weak = false): GatewayConfig {
  return {
    gatewayId: 'gw-1',
    listeners: {
      postgres: {
        address: { host: '::1', port: 15432 },
        tls: null,
        clientCertificates: null,
        allowClearTextPasswordOnLoopback: weak,
        proxyProtocol: null,
        handshakeTimeoutSeconds: 10,
        keepAliveSeconds: 60,
        maxConnections: 1,
        maxUnauthenticatedConnections: 1,
        maxUnauthenticatedConnectionsPerAddress: 1,
        maxConnectionsPerAddress: 1,
        maxConnectionsPerPrincipal: 1,
        maxMessageBytes: 1,
        maxStatementBytes: 1,
      },
      mysql: null,
    },
    login: { failuresPerAddress: 10, failuresPerName: 10, sharedAddresses: ['::1'] },
    workers: 1,
    coordination: { kind: 'memory' },
    coordinationOutageGraceSeconds: 60,
    expiryWarningSeconds: 60,
    drainDelaySeconds: 0,
    drainSeconds: 25,
    monitoring: null,
    tracing: null,
    approvals: { adminUrl: null, pendingPerPrincipal: 20, holdInTransactionSeconds: 60, coolDownSeconds: 60 },
    issuers: [{ ...issuerConfig('http://127.0.0.1:1'), allowHttp: weak }],
    targets: new Map([
      [
        'shop',
        {
          engine: 'postgres',
          host: '127.0.0.1',
          port: 5432,
          database: 'shop',
          user: 'gatehouse',
          password: new EnvironmentReference('SHOP_PASSWORD', { SHOP_PASSWORD: 'hunter2' }),
          credential: null,
          sessionRole: null,
          tls: {
            mode,
            caFile: null,
            serverName: null,
            clientCertificateFile: null,
            clientKeyFile: null,
            crlFile: null,
            pinnedSha256: [],
            minVersion: 'TLSv1.2',
          },
          connectTimeoutSeconds: 10,
          keepAliveSeconds: 60,
        },
      ],
    ]),
    policyFile: '/policy.yaml',
    maskingKey: new Secret('mask-me'),
    maskingKeys: [{ id: 'k2026', key: new Secret('mask-me-too') }],
    currentMaskingKey: 'k2026',
    recording: {
      mode: 'off',
      for: { targets: null, groups: null },
      maxBytesPerStatement: 16_777_216,
      maxBytesPerSession: 1_073_741_824,
    },
    audit: {
      directory: '/audit',
      syncMilliseconds: 20,
      segmentBytes: 1,
      segmentSeconds: 1,
      statementTextMaxBytes: 1,
      literals: 'keep',
      redactSecrets: true,
      signingKey: new Secret('mask-me-not'),
      checkpoints: { everySeconds: 60, files: [], webhooks: [] },
      shipping: NO_SHIPPING,
      retention: { recordsDays: null, recordingsDays: null },
    },
    log: { level: 'info', collector: null },
  }
}

describe('the printed configuration', () => {
  test('shows every setting in the form of the file, and no secret', () => {
    const printed = describeConfig(config())
    expect(printed).not.toMatch(/hunter2|mask-me/)
    expect(parse(printed)).toMatchObject({
      gatewayId: 'gw-1',
      listeners: { postgres: { address: '[::1]:15432', tls: null } },
      targets: { shop: { host: '127.0.0.1', password: '${SHOP_PASSWORD}' } },
      maskingKey: '[secret]',
      maskingKeys: [{ id: 'k2026', key: '[secret]' }],
    })
  })
})

describe('weaker choices', () => {
  test('are none in a strong configuration', () => {
    expect(weakerChoices(config())).toEqual([])
  })

  test('are named: everybody may say which address is the client’s', () => {
    const strong = config()
    const { postgres } = strong.listeners
    if (postgres === null) throw new Error('it has one')
    const trusting = (range: string): readonly string[] =>
      weakerChoices({
        ...strong,
        listeners: { postgres: { ...postgres, proxyProtocol: { trustedSenders: [range] } }, mysql: null },
      })
    expect(trusting('0.0.0.0/0').join()).toContain('listeners.postgres.proxyProtocol.trustedSenders: 0.0.0.0/0')
    expect(trusting('10.0.0.0/8')).toEqual([])
  })

  test.each(['verify-ca', 'require-unverified', 'disable', 'clear-text-over-network'] satisfies UpstreamTlsMode[])(
    'are each named: %s',
    (mode) => {
      const found = weakerChoices(config(mode, true))
      expect(found).toHaveLength(3)
      expect(found.join('\n')).toMatch(/ClearText.*\n.*allowHttp.*\n.*targets\.shop\.tls\.mode/)
    },
  )
})

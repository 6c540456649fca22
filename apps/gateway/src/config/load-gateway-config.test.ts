import { NO_SHIPPING } from '@gatehouse/configuration'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatProblems } from '@gatehouse/configuration'
import type { GatewayConfig } from './gateway-config.ts'
import { loadGatewayConfig } from './load-gateway-config.ts'
import { workerConfig } from './workers.ts'

const SECRET = 'correct-horse-battery-staple-0123456789'
const environment = {
  MASKING_KEY: SECRET,
  SHOP_PASSWORD: 'hunter2-hunter2',
  OLD_KEY: 'o'.repeat(33),
  PORT: '6543',
  FLAG: 'true',
  EMPTY: '',
  MALFORMED_DATABASE: 'postgres://writer:hunter2/x@audit.example.com/audit',
  CLEAR_DATABASE: 'postgres://writer:hunter2@audit.example.com/audit?sslmode=disable',
  DATABASE: 'postgres://writer:hunter2@audit.example.com/audit',
}

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'))
  writeFileSync(join(directory, 'policy.yaml'), 'rules: []\n')
  writeFileSync(join(directory, 'password'), 'from-a-file\n')
  writeFileSync(join(directory, 'empty'), '\n')
})

afterAll(() => rmSync(directory, { recursive: true }))

const minimal = `issuers:
  - issuer: https://login.example.com
    audience: gatehouse
targets:
  shop:
    engine: postgres
    host: db.example.com
    database: shop
    user: gatehouse
    password: \${SHOP_PASSWORD}
policyFile: policy.yaml
maskingKey: \${MASKING_KEY}
audit:
  directory: audit
`

/** The minimal file with this text in place of that, and `more` at its end. */
function changed(from: string, to: string, more = ''): string {
  if (!minimal.includes(from)) throw new Error(`the minimal file has no ${from}`)
  return minimal.replace(from, () => to) + more
}

function load(text: string): ReturnType<typeof loadGatewayConfig> {
  const file = join(directory, 'gateway.yaml')
  writeFileSync(file, text)
  return loadGatewayConfig(file, environment)
}

function accepted(text: string): GatewayConfig {
  const loading = load(text)
  if (loading.kind === 'problems') throw new Error(formatProblems('gateway.yaml', loading.problems))
  return loading.config
}

function problems(text: string): string {
  const loading = load(text)
  return loading.kind === 'config' ? 'accepted' : formatProblems('gateway.yaml', loading.problems)
}

const listener = (settings: string): string => changed('issuers:', `listeners:\n  postgres:\n${settings}\nissuers:`)
const target = (settings: string): string =>
  changed('    host: db.example.com\n', `    host: db.example.com\n${settings}\n`)

describe('a file with what is needed', () => {
  test('has every default filled in, and every path made absolute', () => {
    const config = accepted(minimal)
    expect(config.listeners.postgres).toEqual({
      address: { host: '127.0.0.1', port: 15432 },
      tls: null,
      clientCertificates: null,
      allowClearTextPasswordOnLoopback: false,
      proxyProtocol: null,
      handshakeTimeoutSeconds: 10,
      keepAliveSeconds: 60,
      maxConnections: 10_000,
      maxUnauthenticatedConnections: 1000,
      maxUnauthenticatedConnectionsPerAddress: 500,
      maxConnectionsPerAddress: 1000,
      maxConnectionsPerPrincipal: 200,
      maxMessageBytes: 64 * 1024 * 1024,
      maxStatementBytes: 1024 * 1024,
    })
    expect(config.issuers[0]).toMatchObject({
      audience: ['gatehouse'],
      subjectClaim: 'sub',
      actorClaims: ['act.sub', 'azp', 'client_id'],
      clockSkewSeconds: 30,
      allowHttp: false,
    })
    expect(config.targets.get('shop')).toMatchObject({
      port: 5432,
      connectTimeoutSeconds: 10,
      tls: { mode: 'verify-full', caFile: null },
    })
    expect(config.policyFile).toBe(join(directory, 'policy.yaml'))
    expect(config.audit).toEqual({
      directory: join(directory, 'audit'),
      shipping: NO_SHIPPING,
      retention: { recordsDays: null, recordingsDays: null },
      syncMilliseconds: 20,
      segmentBytes: 64 * 1024 * 1024,
      segmentSeconds: 3600,
      statementTextMaxBytes: 65_536,
      literals: 'keep',
      redactSecrets: true,
      signingKey: null,
      checkpoints: { everySeconds: 60, files: [], webhooks: [] },
    })
    expect(config.gatewayId).not.toBe('')
    expect(config.log.level).toBe('info')
  })

  test('has no target by a name that every object knows', () => {
    const { targets } = accepted(minimal)
    expect(['toString', 'constructor', '__proto__'].map((name) => targets.get(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('reads lists, maps and paths of claims', () => {
    const issuer = (more: string): GatewayConfig['issuers'][number] | undefined =>
      accepted(changed('    audience: gatehouse\n', `    audience: [a, b]\n${more}`)).issuers[0]
    expect(issuer('    requiredClaims: [email, realm_access.roles]\n')).toMatchObject({
      audience: ['a', 'b'],
      requiredClaims: [
        { claim: 'email', oneOf: [] },
        { claim: 'realm_access.roles', oneOf: [] },
      ],
    })
    expect(issuer('    requiredClaims: { org: acme, level: [1, 2] }\n    groupsClaim: [acme.groups]\n')).toMatchObject({
      requiredClaims: [
        { claim: 'org', oneOf: ['acme'] },
        { claim: 'level', oneOf: [1, 2] },
      ],
      groupsClaim: ['acme.groups'],
    })
  })

  test.each([
    ['[::1]:0', { host: '::1', port: 0 }],
    ['localhost:5432', { host: 'localhost', port: 5432 }],
    ['127.9.9.9:65535', { host: '127.9.9.9', port: 65535 }],
  ])('may listen on %s', (text, address) => {
    expect(accepted(listener(`    address: "${text}"`)).listeners.postgres?.address).toEqual(address)
  })
})

describe('workers', () => {
  const redis = 'coordination: { kind: redis, server: { host: redis.example.com } }'

  test('are one where nothing is said, and as many as processors with `auto`', () => {
    expect(accepted(minimal).workers).toBe(1)
    expect(accepted(`${minimal}workers: auto\n${redis}\n`).workers).toBe(availableParallelism())
    expect(accepted(`${minimal}workers: 3\n${redis}\n`).workers).toBe(3)
  })

  test.each([
    ['that share no coordination', 'workers: 2', 'workers: is 2, and workers share nothing but coordination'],
    ['that are none', 'workers: 0', 'workers: must be at least 1'],
    ['that are many', 'workers: 257', 'workers: must be at most 256'],
    ['by another word', 'workers: all', 'workers: must be a number from 1 to 256, or auto'],
  ])('%s are refused', (_, text, expected) => {
    expect(problems(`${minimal}${text}\n`)).toContain(expected)
  })

  test('have an id, a trail and files of checkpoints of their own each, and the port that they are given', () => {
    const config = accepted(
      `${changed('audit:', 'audit:\n  checkpoints: { files: [/kept/heads] }')}gatewayId: a\nworkers: 2\n${redis}\n`,
    )
    const second = workerConfig(config, 2, { postgres: 7000 })
    expect(second).toMatchObject({
      gatewayId: 'a-2',
      listeners: { postgres: { address: { host: '127.0.0.1', port: 7000 } }, mysql: null },
      audit: { directory: join(directory, 'audit', 'worker-2'), checkpoints: { files: ['/kept/heads.worker-2'] } },
    })
  })
})

describe('masking keys', () => {
  const several = (text: string): string => changed('maskingKey: ${MASKING_KEY}\n', `${text}\n`)
  const two = 'maskingKeys: [{ id: k2026, key: "${MASKING_KEY}" }, { id: k2025, key: "${OLD_KEY}" }]'

  test('may be one without an id, or several of which one is current', () => {
    expect(accepted(minimal)).toMatchObject({ maskingKeys: [], currentMaskingKey: null })
    const config = accepted(several(`${two}\ncurrentMaskingKey: k2026`))
    expect(config).toMatchObject({ maskingKey: null, currentMaskingKey: 'k2026' })
    expect(config.maskingKeys.map(({ id, key }) => [id, key.expose().length])).toEqual([
      ['k2026', SECRET.length],
      ['k2025', 33],
    ])
    expect(JSON.stringify(config)).not.toContain(SECRET)
  })

  test.each([
    [
      'a current key that is not there',
      `${two}\ncurrentMaskingKey: k2062`,
      'currentMaskingKey: there is no such masking key; did you mean k2026?',
    ],
    ['no current key', two, 'currentMaskingKey: is missing: which of k2026, k2025 new masks use'],
    ['both forms', `${two}\ncurrentMaskingKey: k2025\nmaskingKey: \${MASKING_KEY}`, 'maskingKey: is for a single key'],
    ['neither form', '', 'gateway.yaml:1:1: maskingKey: is missing'],
    [
      'a current key without keys',
      'maskingKey: ${MASKING_KEY}\ncurrentMaskingKey: k1',
      'names one of maskingKeys, of which there are none',
    ],
    ['an id twice', `${two.replace('k2025', 'k2026')}\ncurrentMaskingKey: k2026`, 'maskingKeys[1].id: is listed twice'],
    [
      'one key under two ids',
      `${two.replace('OLD_KEY', 'MASKING_KEY')}\ncurrentMaskingKey: k2026`,
      'maskingKeys[1].key: is the same key as that of k2026',
    ],
    [
      'a key in clear text',
      `${two.replace('${OLD_KEY}', 'x'.repeat(40))}\ncurrentMaskingKey: k2026`,
      'maskingKeys[1].key: must be a reference',
    ],
    [
      'a short key',
      `${two.replace('OLD_KEY', 'SHOP_PASSWORD')}\ncurrentMaskingKey: k2026`,
      'maskingKeys[1].key: must be at least 32 characters long',
    ],
    [
      'an id with a blank',
      `${two.replace('k2025', '"k 25"')}\ncurrentMaskingKey: k2026`,
      'maskingKeys[1].id: may hold up to 63 letters',
    ],
    [
      'a key without an id',
      `${two.replace('id: k2025, ', '')}\ncurrentMaskingKey: k2026`,
      'maskingKeys[1].id: is missing',
    ],
    [
      'a misspelt setting',
      `${two.replace('maskingKeys', 'maskinKeys')}\ncurrentMaskingKey: k2026`,
      'maskinKeys: there is no such setting; did you mean maskingKeys?',
    ],
    ['a list that is none', 'maskingKeys: 5\ncurrentMaskingKey: 7', 'maskingKeys: must be a list'],
  ])('%s is refused', (_, text, expected) => {
    const shown = problems(several(text))
    expect(shown).toContain(expected)
    expect(shown).not.toContain(SECRET)
  })
})

async function passwordIn(config: GatewayConfig): Promise<string | undefined> {
  return (await config.targets.get('shop')?.password?.read())?.toString()
}

describe('references', () => {
  test('to the environment and to files give secrets that cannot be printed', async () => {
    const config = accepted(minimal)
    expect(config.maskingKey?.expose()).toBe(SECRET)
    expect(await passwordIn(config)).toBe('hunter2-hunter2')
    for (const shown of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true })]) {
      expect(shown).not.toContain(SECRET)
      expect(shown).not.toContain('hunter2')
    }
    const fromFile = accepted(changed('${SHOP_PASSWORD}', 'file:password'))
    expect(await passwordIn(fromFile)).toBe('from-a-file')
  })

  test('work inside any text, and as numbers and switches', () => {
    const text = target('    port: ${PORT}').replace('user: gatehouse', () => 'user: gate-${PORT}-$${x}')
    expect(accepted(text).targets.get('shop')).toMatchObject({ port: 6543, user: 'gate-6543-${x}' })
    expect(accepted(listener('    allowClearTextPasswordOnLoopback: ${FLAG}')).listeners.postgres).toMatchObject({
      allowClearTextPasswordOnLoopback: true,
    })
  })

  test('are not followed in what they bring', async () => {
    writeFileSync(join(directory, 'nested'), '${MASKING_KEY}')
    const config = accepted(changed('${SHOP_PASSWORD}', 'file:nested'))
    expect(await passwordIn(config)).toBe('${MASKING_KEY}')
  })

  test.each([
    [
      '${NOT_SET}',
      'gateway.yaml:10:5: targets.shop.password: refers to the environment variable NOT_SET, which is not set',
    ],
    [
      '${toString}',
      'gateway.yaml:10:5: targets.shop.password: refers to the environment variable toString, which is not set',
    ],
    ['${EMPTY}', 'gateway.yaml:10:5: targets.shop.password: ${EMPTY} is empty'],
    ['file:nowhere', /password: .*nowhere cannot be read: ENOENT$/],
    ['file:empty', /password: .*empty is empty$/],
    ['file:.', /password: .* is not a file of at most/],
    ['file:/dev/zero', /password: \/dev\/zero is not a file/],
    ['hunter3', /password: must be a reference, .*: a secret does not belong in this file$/],
    ['prefix-${SHOP_PASSWORD}', /password: must be a reference/],
    ['12345', /password: must be a reference/],
  ])('a password of %s is one problem, and is not quoted', (value, expected) => {
    const said = problems(changed('${SHOP_PASSWORD}', value))
    expect(said).toMatch(expected)
    expect(said.split('\n')).toHaveLength(1)
    expect(said).not.toContain('hunter')
    expect(said).not.toContain('12345')
  })

  test.each([
    ['MALFORMED_DATABASE', "audit.shipping.postgres.url: The trail database's url is no address"],
    ['CLEAR_DATABASE', 'sslmode=disable would send records in clear'],
  ])('to an address that no trail can be shipped to (%s) stop the start, and it is not quoted', (name, why) => {
    const shipping = (of: string): string =>
      changed('  directory: audit', `  directory: audit\n  shipping: { postgres: { url: "\${${of}}" } }`)
    const said = problems(shipping(name))
    expect(said).toContain(why)
    expect(said).not.toContain('hunter2')
    expect(accepted(shipping('DATABASE')).audit.shipping.postgres?.url.expose()).toBe(environment.DATABASE)
  })

  test('that are no references, or lead nowhere, are named where they stand', () => {
    expect(problems(changed('db.example.com', '${DB_HOST}'))).toBe(
      'gateway.yaml:7:5: targets.shop.host: refers to the environment variable DB_HOST, which is not set',
    )
    expect(problems(changed('db.example.com', 'db-${1}.x'))).toContain('holds "${" that begins no reference')
    expect(problems(target('    port: ${MASKING_KEY}'))).toBe('gateway.yaml:8:5: targets.shop.port: must be a number')
  })
})

describe('the listeners', () => {
  const listeners = (text: string): string => changed('issuers:', `listeners: ${text}\nissuers:`)
  const ofMysql = (text: string): string => listeners(text).replace('engine: postgres', 'engine: mysql')

  test('are that of PostgreSQL alone where the file says nothing', () => {
    expect(accepted(minimal).listeners.mysql).toBeNull()
  })

  test('of MySQL has its own defaults, and so has a target of MySQL', () => {
    const config = accepted(ofMysql('{ mysql: {} }'))
    expect(config.listeners.postgres).toBeNull()
    expect(config.listeners.mysql).toMatchObject({
      address: { host: '127.0.0.1', port: 13306 },
      advertisedVersion: null,
      maxStatementBytes: 1024 * 1024,
    })
    expect(config.targets.get('shop')).toMatchObject({ engine: 'mysql', port: 3306 })
  })

  test.each([
    ['{}', 'listeners: must hold at least one of postgres and mysql'],
    ['{ postgres: null }', 'listeners: must hold at least one of postgres and mysql'],
    ['{ mysql: {} }', 'targets.shop.engine: is postgres, and no client can ask for it: there is no listeners.postgres'],
    ['{ postgres: {}, mysql: { advertisedVersion: new } }', 'advertisedVersion: must begin with a version'],
    ['{ postgres: {}, mysql: { address: "0.0.0.0:13306" } }', 'is not a loopback address, so the listener needs tls'],
  ])('%s are refused', (text, expected) => {
    expect(problems(listeners(text))).toContain(expected)
  })

  test('a target of MySQL without a listener is refused', () => {
    expect(problems(ofMysql('{ postgres: {} }'))).toContain('there is no listeners.mysql')
  })
})

describe('a file with mistakes', () => {
  test('hears of all of them at once, each with line and column', () => {
    const text = `listener:
  postgres: {}
issuers:
  - issuer: login.example.com
    audiences: gatehouse
    clockSkewSeconds: 3000
targets:
  shop:
    engine: oracle
    host: db
    databse: shop
    user: 5
    tls: { mode: prefer }
    password: secret
policyFile: nowhere.yaml
audit: { directory: audit, syncMillis: 20 }
log: { level: loud }
`
    expect(problems(text).split('\n')).toEqual([
      'gateway.yaml:1:1: listener: there is no such setting; did you mean listeners?',
      'gateway.yaml:1:1: maskingKey: is missing',
      'gateway.yaml:4:5: issuers[0].issuer: must be an https:// URL without a query or fragment (RFC 8414 section 2)',
      'gateway.yaml:4:5: issuers[0].audience: is missing',
      'gateway.yaml:5:5: issuers[0].audiences: there is no such setting; did you mean audience?',
      'gateway.yaml:6:5: issuers[0].clockSkewSeconds: must be at most 300',
      'gateway.yaml:8:3: targets.shop.database: is missing',
      'gateway.yaml:9:5: targets.shop.engine: must be one of postgres, mysql',
      'gateway.yaml:11:5: targets.shop.databse: there is no such setting; did you mean database?',
      'gateway.yaml:12:5: targets.shop.user: must be a text',
      'gateway.yaml:13:12: targets.shop.tls.mode: must be one of verify-full, verify-ca, pinned, require-unverified, disable, clear-text-over-network',
      'gateway.yaml:14:5: targets.shop.password: must be a reference, ${NAME} or file:path: a secret does not belong in this file',
      'gateway.yaml:15:1: policyFile: is not a file that can be read',
      'gateway.yaml:16:28: audit.syncMillis: there is no such setting; did you mean syncMilliseconds?',
      'gateway.yaml:17:8: log.level: must be one of trace, debug, info, warn, error, fatal',
    ])
  })

  test('hears that its log goes to the collector of traces, and there is none', () => {
    expect(problems(`${minimal}log: { collector: {} }\n`)).toContain(
      'log.collector.otlp: is null, and there is no tracing whose collector could take the lines',
    )
    expect(problems(`${minimal}log: { collector: { otpl: {} } }\n`)).toContain('did you mean otlp?')
  })

  test('is not told twice of one mistake, and names what is near', () => {
    expect(problems(changed('audit:\n', 'audits:\n'))).toBe(
      [
        'gateway.yaml:1:1: audit: is missing',
        'gateway.yaml:13:1: audits: there is no such setting; did you mean audit?',
      ].join('\n'),
    )
    expect(problems(listener('    max_conections: 5'))).toContain('did you mean maxConnections?')
    expect(problems(listener('    zzzzzzzzzz: 5'))).toContain('there is no such setting; there are address, tls,')
  })

  test('that is not YAML says where, without quoting the line', () => {
    const said = problems(`${minimal}  password: "hunter4\n`)
    expect(said).toMatch(/^gateway\.yaml:\d+:\d+: /)
    expect(said).not.toContain('hunter4')
    for (const text of [
      'password: hunter4: x',
      'a: [hunter4]hunter4',
      'a: b\n  hunter4',
      '%hunter4',
      'a: "x" hunter4',
      '@hunter4',
    ]) {
      expect(problems(`${minimal}${text}\n`)).not.toMatch(/hunter4|accepted/)
    }
  })

  test.each([
    ['a setting given twice', `${minimal}policyFile: policy.yaml\n`, /:15:1: Map keys must be unique/],
    ['two documents', `${minimal}---\na: 1\n`, /multiple documents/],
    [
      'an alias',
      changed('policyFile: policy.yaml', 'policyFile: &p policy.yaml', 'gatewayId: *p\n'),
      'aliases (*name) are not read',
    ],
    ['a merge', `${minimal}<<: { log: {} }\n`, 'there is no such setting'],
    ['a tag', changed('policyFile: policy.yaml', 'policyFile: !!js/function policy.yaml'), /Unresolved tag/],
    ['a name that is a number', changed('  shop:', '  1:'), 'a name here is not a text'],
    ['__proto__', `${minimal}__proto__: { log: { level: trace } }\n`, '__proto__: is not a name that can be used'],
    ['constructor', `${minimal}constructor: 1\n`, 'constructor: there is no such setting'],
    ['nothing at all', '', 'must be a group of settings'],
    ['a list', '- a\n', 'must be a group of settings'],
    ['deep nesting', `a: ${'['.repeat(100)}${']'.repeat(100)}\n`, 'nested too deeply'],
  ])('such as %s is refused', (_, text, expected) => {
    expect(problems(text)).toMatch(expected)
  })

  test('that would exhaust the reader is refused in a few lines', () => {
    for (const text of ['[', '- ', '{a: ', '? '].map((deeper) => deeper.repeat(50_000))) {
      const said = problems(text)
      expect(said).not.toBe('accepted')
      expect(said.split('\n').length).toBeLessThanOrEqual(20)
    }
  })

  test('that is missing, a directory, too large, or not UTF-8 is one problem', () => {
    const wrong = (file: string): string => {
      const loading = loadGatewayConfig(file, environment)
      return loading.kind === 'config' ? 'accepted' : formatProblems('f', loading.problems)
    }
    expect(wrong(join(directory, 'nowhere.yaml'))).toBe('f: cannot be read: ENOENT')
    expect(wrong(directory)).toBe('f: cannot be read: EISDIR')
    writeFileSync(join(directory, 'large.yaml'), `#${'x'.repeat(1024 * 1024)}`)
    expect(wrong(join(directory, 'large.yaml'))).toContain('is larger than')
    writeFileSync(join(directory, 'latin1.yaml'), Buffer.from('# \xe9', 'latin1'))
    expect(wrong(join(directory, 'latin1.yaml'))).toBe('f: is not UTF-8')
  })
})

describe('contradictions', () => {
  test.each([
    ['    address: 0.0.0.0:15432', 'address: is not a loopback address, so the listener needs tls'],
    ['    address: "[::]:15432"', 'address: is not a loopback address, so the listener needs tls'],
    ['    address: "[::ffff:10.0.0.1]:15432"', 'address: is not a loopback address'],
    ['    address: localhost.example.com:15432', 'address: is not a loopback address'],
    ['    address: 127.0.0.1.example.com:1', 'address: is not a loopback address'],
    [
      '    address: gw:1\n    allowClearTextPasswordOnLoopback: true',
      'contradicts an address that is not a loopback one',
    ],
    ['    maxMessageBytes: 65536', 'maxStatementBytes: is more than maxMessageBytes'],
    ['    address: 127.0.0.1', 'must be host:port'],
    ['    address: ::1:15432', 'must be host:port'],
    ['    address: 127.0.0.1:70000', 'must be host:port'],
    ['    address: "[not-ip]:1"', 'must be host:port'],
    ['    maxConnections: 0', 'must be at least 1'],
    ['    maxConnections: 1.5', 'must be a whole number'],
    ['    maxConnections: "10"', 'must be a number'],
    ['    handshakeTimeoutSeconds: .inf', 'handshakeTimeoutSeconds'],
    ['    maxMessageBytes: 2000000000', 'must be at most 1073741823'],
  ])('in the listener: %j', (settings, expected) => {
    expect(problems(listener(settings))).toContain(expected)
  })

  test.each([
    ['    tls: { mode: disable }', 'tls.mode: disable is for a loopback host'],
    ['    tls: { mode: require-unverified, caFile: policy.yaml }', 'tls.caFile: holds no usable certificate'],
    ['    tls: { mode: clear-text-over-network, serverName: x }', 'tls.serverName: would not be looked at'],
    ['    tls: { clientCertificateFile: policy.yaml }', 'clientCertificateFile and clientKeyFile go together'],
    ['    tls: { clientCertificateFile: policy.yaml, clientKeyFile: policy.yaml }', 'cannot be used'],
    ['    connectTimeoutSeconds: 0', 'must be at least 1'],
    ['    port: 0', 'must be at least 1'],
  ])('in a target: %j', (settings, expected) => {
    expect(problems(target(settings))).toContain(expected)
  })

  test('clear text to an upstream is accepted on loopback, or where it is named for what it is', () => {
    const disable = target('    tls: { mode: disable }')
    expect(accepted(disable.replace('db.example.com', '127.0.0.1')).targets.get('shop')?.tls.mode).toBe('disable')
    expect(accepted(target('    tls: { mode: clear-text-over-network }')).targets.get('shop')?.tls.mode).toBe(
      'clear-text-over-network',
    )
  })

  test.each([
    ['http://login.example.com', '', 'must be https://'],
    ['http://login.example.com', '    allowHttp: true\n', 'must be https://'],
    ['http://127.0.0.1:9000', '', 'must be https://'],
    ['http://127.0.0.1:9000', '    allowHttp: true\n', 'accepted'],
    ['http://localhost:9000/realms/dev', '    allowHttp: true\n', 'accepted'],
    ['https://login.example.com?x=1', '', 'without a query'],
    ['https://a:b@login.example.com', '', 'must be an https:// URL'],
    ['https://login.example.com', '    jwksUri: http://login.example.com/keys\n', 'jwksUri: must be https://'],
    ['https://login.example.com', '    jwksUri: keys\n', 'jwksUri: must be a URL'],
    ['https://login.example.com', '    algorithms: [HS256]\n', 'must be one of RS256'],
    ['https://login.example.com', '    algorithms: [none]\n', 'must be one of RS256'],
    ['https://login.example.com', '    algorithms: []\n', 'must have at least 1 entry'],
    ['https://login.example.com', '    requiredClaims: 5\n', 'must be a list of claims'],
    ['https://login.example.com', '    groupsClaim: { a: 1 }\n', 'must be the name of a claim'],
    ['https://login.example.com', '    caFile: policy.yaml\n', 'holds no usable certificate'],
  ])('an issuer %s with %j: %s', (issuer, more, expected) => {
    const text = changed('https://login.example.com\n', `${issuer}\n${more}`)
    expect(problems(text)).toContain(expected)
  })

  test.each([
    ['no issuer', minimal.replace(/issuers:\n.*\n.*\n/, 'issuers: []\n'), 'issuers: must have at least 1 entry'],
    ['no target', minimal.replace(/targets:\n( {2}.*\n)+/, 'targets: {}\n'), 'targets: must hold at least one target'],
    [
      'an issuer twice',
      changed('targets:', '  - { issuer: "https://login.example.com", audience: b }\ntargets:'),
      ':4:7: issuers[1].issuer: is listed twice',
    ],
    ['an empty audience', changed('audience: gatehouse', 'audience: []'), 'audience: must have at least 1 entry'],
    ['a target name with a plus', changed('  shop:', '  a+b:'), ':5:3: targets.a+b: a target name may hold'],
    [
      'a target named __proto__ with a wrong setting',
      changed('  shop:\n', '  __proto__:\n    nonsense: 1\n'),
      '__proto__',
    ],
    [
      'a short masking key',
      changed('${MASKING_KEY}', '${SHOP_PASSWORD}'),
      'maskingKey: must be at least 32 characters long',
    ],
  ])('%s is refused', (_, text, expected) => {
    expect(problems(text)).toContain(expected)
  })
})

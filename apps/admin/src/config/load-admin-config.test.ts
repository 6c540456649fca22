import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeKeyPair } from '@gatehouse/audit-trail'
import { formatProblems } from '@gatehouse/configuration'
import { afterAll, expect, test } from 'vitest'
import { describeAdminConfig, parseAdminConfig } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-admin-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'trail.key'), makeKeyPair().privateKey)

const BASE = `
publicUrl: https://gatehouse.example.com
issuers: [{ issuer: "https://login.example.com", audience: gatehouse-admin }]
roles: { approver: { groups: [dba] }, operator: {}, auditor: {} }
`
const ENVIRONMENT = {
  CHAT: 'https://hooks.example.com/services/hunter2',
  KEY: 'a key that is long enough: hunter2, hunter2',
  OLD: 'an older key that is long enough: hunter2',
}
const FULL = `${BASE}
linkKey: "\${KEY}"
formerLinkKeys: ["\${OLD}"]
channels:
  - { name: chat, kind: slack, url: "\${CHAT}", targets: [shop] }
  - name: dana
    kind: webhook
    url: "\${CHAT}"
    signingKey: "\${KEY}"
    decidesAs: { issuer: "https://login.example.com", subject: dana, groups: [dba] }
audit:
  directory: trail
  signingKey: file:trail.key
  checkpoints: { files: [elsewhere.jsonl], webhooks: [{ url: "https://keep.example.com", token: "\${KEY}" }] }
`

/** What is wrong with a text, as an operator reads it; empty: nothing. */
function problemsOf(text: string): string {
  const loading = parseAdminConfig(text, folder, ENVIRONMENT)
  return loading.kind === 'config' ? '' : formatProblems('admin.yaml', loading.problems)
}

test('channels, links and the keys of the trail are read from a file, and no secret of theirs is printed', () => {
  const loading = parseAdminConfig(FULL, folder, ENVIRONMENT)
  if (loading.kind === 'problems') throw new Error(formatProblems('admin.yaml', loading.problems))
  const { channels, formerLinkKeys, audit } = loading.config
  expect(channels.map(({ url }) => url.expose())).toEqual([ENVIRONMENT.CHAT, ENVIRONMENT.CHAT])
  expect(formerLinkKeys.map((key) => key.expose())).toEqual([ENVIRONMENT.OLD])
  expect(audit.checkpoints.files).toEqual([join(folder, 'elsewhere.jsonl')])
  expect(describeAdminConfig(loading.config)).not.toMatch(/hunter2|PRIVATE KEY/)
})

test.each([
  [
    'an address in the file itself',
    FULL.replace('"${CHAT}", targets', '"https://x.example", targets'),
    /channels\[0\]\.url: must be a reference/,
  ],
  ['an address without TLS', FULL.replaceAll('${CHAT}', '${PLAIN}'), /refers to the environment variable PLAIN/],
  ['two channels of one name', FULL.replace('name: dana', 'name: chat'), /channels\[1\]\.name: is the name of another/],
  [
    'a webhook without a key',
    FULL.replace('    signingKey: "${KEY}"\n', ''),
    /channels\[1\]\.signingKey: is wanted for a webhook/,
  ],
  ['a person without a key for links', FULL.replace('linkKey: "${KEY}"', ''), /decidesAs: needs linkKey/],
  [
    'a person of another issuer',
    FULL.replace('decidesAs: { issuer: "https://login', 'decidesAs: { issuer: "https://other'),
    /names an issuer that is none of issuers/,
  ],
  [
    'a key of the trail that is none',
    FULL.replace('file:trail.key', '${KEY}'),
    /audit\.signingKey: is no Ed25519 private key/,
  ],
  [
    'checkpoints sent without TLS',
    FULL.replace('https://keep', 'http://keep'),
    /checkpoints\.webhooks\[0\]\.url: must be an https address/,
  ],
])('is refused, and says why: %s', (_, text, wanted) => {
  expect(problemsOf(text)).toMatch(wanted)
  expect(problemsOf(text)).not.toContain('hunter2')
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parsePolicy, type Policy, type Principal, Secret } from '@gatehouse/core'
import { type IssuerConfig, type TokenVerdict, TokenVerifier } from '@gatehouse/identity'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { createSelfSigned } from '@gatehouse/identity/testing/certificates'
import * as z from 'zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issuerSchema } from './issuer-schema.ts'
import { parseConfig } from './load-config.ts'

// What docs/identity.md tells people to write, read from there, with the claims that each provider publishes.
type Claims = Readonly<Record<string, unknown>>

interface Shape {
  /** What a token of the provider holds; the issuer and times are put in. */
  readonly claims: Claims
  readonly header: Claims
  readonly subject: string
  readonly actor: string | null
  readonly groups: readonly string[]
  /** Changes that make it a stranger's token: it is refused, or the rule of the page gives it nothing. */
  readonly strangers: readonly Claims[]
}

const JWT = { typ: 'JWT', alg: 'RS256' }
const SHAPES: Readonly<Record<string, Shape>> = {
  // https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/#access-token
  Okta: {
    header: { alg: 'RS256' },
    claims: {
      ver: 1,
      jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
      aud: 'gatehouse',
      cid: '0oa1copilot',
      uid: '00u1gyfy8ppqhm8QZ0g7',
      scp: ['openid', 'database'],
      auth_time: 1_700_000_000,
      sub: 'dana@acme.example',
      groups: ['Everyone', 'ai-agents'],
    },
    subject: 'dana@acme.example',
    actor: '0oa1copilot',
    groups: ['Everyone', 'ai-agents'],
    strangers: [
      { cid: '0oa9stranger' },
      { cid: undefined },
      { groups: ['Everyone'] },
      { aud: 'api://default' },
      { cid: '0oa2cursor' },
    ],
  },
  // https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
  'Entra ID': {
    header: JWT,
    claims: {
      aud: '6e74172b-0000-4000-8000-f3667427d4b0',
      aio: 'AXQAi/8TAAAA',
      azp: '0b6e0e2f-0000-4000-8000-b6b1e0e4f0c1',
      azpacr: '1',
      name: 'Dana',
      oid: '00000000-0000-0000-66f3-3332eca7ea81',
      preferred_username: 'dana@acme.example',
      rh: '0.ARoA',
      roles: ['Database.Read'],
      scp: 'access',
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      tid: '72f988bf-0000-4000-8000-2d7cd011db47',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    subject: 'dana@acme.example',
    actor: '0b6e0e2f-0000-4000-8000-b6b1e0e4f0c1',
    groups: ['Database.Read'],
    strangers: [
      { tid: '00000000-1111-4000-8000-000000000000' },
      { ver: '1.0' },
      { roles: [] },
      { roles: undefined },
      { aud: 'api://x' },
    ],
  },
  // https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles
  Auth0: {
    header: JWT,
    claims: {
      sub: 'auth0|507f1f77bcf86cd799439020',
      aud: ['https://gatehouse.acme.example', 'https://acme.eu.auth0.com/userinfo'],
      azp: 'vVJ2copilot',
      scope: 'openid profile database',
      'https://acme.example/groups': ['ai-agents'],
      'https://acme.example/team': 'shop',
    },
    subject: 'auth0|507f1f77bcf86cd799439020',
    actor: 'vVJ2copilot',
    groups: ['ai-agents'],
    strangers: [
      { azp: 'another' },
      { azp: undefined },
      { 'https://acme.example/groups': [] },
      { 'https://acme.example/team': 'pay' },
      { aud: ['https://acme.eu.auth0.com/userinfo'] },
      { https: { '//acme': { 'example/groups': ['ai-agents'] } }, 'https://acme.example/groups': undefined },
    ],
  },
  // https://www.keycloak.org/docs/latest/server_admin/
  Keycloak: {
    header: { ...JWT },
    claims: {
      jti: 'onrtac:0d1d9a5c',
      aud: ['gatehouse', 'account'],
      sub: '3b4a9a1c-6d1b-4a6e-9c1f-0a0b0c0d0e0f',
      typ: 'Bearer',
      azp: 'copilot',
      sid: 'c1b7a8e2-5b3b-4a51-8df4-9f6a0e6b1a11',
      acr: '1',
      'allowed-origins': ['*'],
      realm_access: { roles: ['engineer', 'offline_access'] },
      resource_access: { gatehouse: { roles: ['reader'] }, account: { roles: ['view-profile'] } },
      scope: 'openid email profile',
      email_verified: true,
      preferred_username: 'dana',
      email: 'dana@acme.example',
    },
    subject: 'dana',
    actor: 'copilot',
    groups: ['reader'],
    strangers: [
      { typ: 'ID' },
      { typ: 'Refresh' },
      { resource_access: { account: { roles: ['reader'] } } },
      { realm_access: { roles: [] } },
      { aud: 'account' },
    ],
  },
  // https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
  Google: {
    header: JWT,
    claims: {
      azp: '1234567890-copilot.apps.googleusercontent.com',
      aud: '1234567890-copilot.apps.googleusercontent.com',
      sub: '10769150350006150715113082367',
      hd: 'acme.example',
      email: 'dana@acme.example',
      email_verified: true,
      at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
      nonce: '0394852-3190485-2490358',
    },
    subject: 'dana@acme.example',
    actor: '1234567890-copilot.apps.googleusercontent.com',
    groups: [],
    strangers: [
      { hd: undefined, email: 'dana@gmail.com' },
      { hd: 'evil.example' },
      { email_verified: false },
      { email: 'dana@evil.example' },
      { aud: 'another.apps.googleusercontent.com' },
    ],
  },
  // https://docs.github.com/en/actions/reference/security/oidc
  'GitHub Actions': {
    header: { ...JWT, x5t: 'eyJ0eXAi' },
    claims: {
      jti: 'example-id',
      sub: 'repo:acme/shop:environment:prod',
      environment: 'prod',
      aud: 'gatehouse',
      ref: 'refs/heads/main',
      sha: 'd6ed0d8b0c1f',
      repository: 'acme/shop',
      repository_owner: 'acme',
      actor_id: '12',
      repository_visibility: 'private',
      repository_id: '74',
      repository_owner_id: '65',
      run_id: '42',
      run_number: '10',
      run_attempt: '2',
      runner_environment: 'github-hosted',
      actor: 'octocat',
      workflow: 'example-workflow',
      head_ref: '',
      base_ref: '',
      event_name: 'workflow_dispatch',
      ref_type: 'branch',
      ref_protected: 'true',
      job_workflow_ref: 'acme/automation/.github/workflows/migrate.yml@refs/heads/main',
    },
    subject: 'octocat',
    actor: 'acme/automation/.github/workflows/migrate.yml@refs/heads/main',
    groups: [],
    strangers: [
      { repository_owner_id: '66' },
      { repository_owner_id: 65 },
      { repository: 'evil/shop' },
      { repository: 'acme/shop-fork' },
      { environment: undefined },
      { environment: 'staging' },
      { ref_protected: 'false' },
      { aud: 'https://github.com/acme' },
    ],
  },
  // https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
  'GitLab CI': {
    header: { ...JWT },
    claims: {
      namespace_id: '72',
      namespace_path: 'acme',
      project_id: '20',
      project_path: 'acme/shop',
      user_id: '1',
      user_login: 'dana',
      user_email: 'dana@acme.example',
      user_access_level: 'developer',
      pipeline_id: '574',
      pipeline_source: 'push',
      job_id: '302',
      ref: 'main',
      ref_type: 'branch',
      ref_path: 'refs/heads/main',
      ref_protected: 'true',
      groups_direct: ['acme/data', 'acme/shop'],
      environment: 'prod',
      environment_protected: 'false',
      deployment_tier: 'production',
      runner_id: 1,
      runner_environment: 'self-hosted',
      sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
      project_visibility: 'private',
      ci_config_ref_uri: 'gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main',
      ci_config_sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
      jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
      sub: 'project_path:acme/shop:ref_type:branch:ref:main',
      aud: 'gatehouse',
    },
    subject: 'dana',
    actor: 'gitlab.com/acme/shop//.gitlab-ci.yml@refs/heads/main',
    groups: ['acme/data', 'acme/shop'],
    strangers: [
      { namespace_id: '73' },
      { project_path: 'evil/shop' },
      { ref_protected: 'false' },
      { environment: undefined },
      { user_login: undefined },
      { aud: 'https://gitlab.com' },
    ],
  },
  // https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
  'Kubernetes service accounts': {
    header: { alg: 'RS256' },
    claims: {
      aud: ['gatehouse'],
      jti: 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a',
      'kubernetes.io': {
        namespace: 'agents',
        node: { name: 'node-1', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
        pod: { name: 'copilot-7b8c', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
        serviceaccount: { name: 'copilot', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
      },
      sub: 'system:serviceaccount:agents:copilot',
    },
    subject: 'system:serviceaccount:agents:copilot',
    actor: 'copilot-7b8c',
    groups: [],
    strangers: [
      { sub: 'system:serviceaccount:default:default' },
      { 'kubernetes.io': { namespace: 'default', pod: { name: 'copilot-7b8c' } } },
      { 'kubernetes.io': undefined, kubernetes: { io: { namespace: 'agents' } } },
      { aud: ['https://kubernetes.default.svc.cluster.local'] },
    ],
  },
}

const page = readFileSync(new URL('../../../docs/identity.md', import.meta.url), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-issuers-'))
const cluster = createSelfSigned()
let keys: LoopbackIssuer
/** The same keys behind the certificate that `caFile` of the page vouches for. */
const apiServer = createServer({ cert: cluster.certificate, key: cluster.key }, (request, response) => {
  if (request.url !== '/openid/v1/jwks') return response.writeHead(404).end()
  return response.end(JSON.stringify({ keys: keys.keys.map(({ publicJwk }) => publicJwk) }))
})

beforeAll(async () => {
  writeFileSync(join(folder, 'kubernetes-ca.crt'), cluster.certificate)
  keys = await LoopbackIssuer.start([await createSigningKey('published', 'RS256')])
  await new Promise<void>((resolve) => apiServer.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  apiServer.closeAllConnections()
  apiServer.close()
  await keys.close()
})

/** The YAML blocks of a section of the page. */
function blocksOf(section: string): readonly string[] {
  const [, behind = ''] = page.split(`\n## ${section}\n`)
  const [own = ''] = behind.split('\n## ')
  return [...own.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, block = '']) => block)
}

function documented(section: string): { readonly issuer: IssuerConfig; readonly policy: Policy } {
  const [settings = '', rules = ''] = blocksOf(section)
  const schema = (directory: string): z.ZodType<{ readonly issuers: readonly IssuerConfig[] }> =>
    z.strictObject({ issuers: z.array(issuerSchema(directory)).length(1) })
  const loading = parseConfig(schema, settings, folder, {})
  if (loading.kind === 'problems') throw new Error(JSON.stringify(loading.problems))
  const [issuer] = loading.config.issuers
  const policy = parsePolicy(rules)
  if (issuer === undefined || !policy.ok) throw new Error(JSON.stringify(policy))
  return { issuer, policy: policy.policy }
}

/** Everything is as on the page but where the keys are. */
async function verify(
  config: IssuerConfig,
  { claims, header }: Pick<Shape, 'claims' | 'header'>,
): Promise<TokenVerdict> {
  const bound = apiServer.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  const jwksUri =
    config.jwksUri === null ? `${keys.url}/jwks` : `https://127.0.0.1:${port}${new URL(config.jwksUri).pathname}`
  const verifier = TokenVerifier.create([{ ...config, jwksUri, allowHttp: true }], {
    log: { warn: () => undefined, info: () => undefined },
  })
  // What LoopbackIssuer puts in of its own, other providers do not.
  const token = await keys.token({ azp: undefined, groups: undefined, iss: config.issuer, ...claims }, header)
  try {
    return await verifier.verify(new Secret(token), Date.now())
  } finally {
    verifier.close()
  }
}

const mayRead = (policy: Policy, principal: Principal): boolean =>
  policy.authorityFor(principal, 'shop', 'postgres').allowsAnything

test('the page has a section for each provider, and each has a shape here', () => {
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title = '']) => title)
  expect(sections.filter((title) => blocksOf(title).length === 2)).toEqual(Object.keys(SHAPES))
})

describe.each(Object.entries(SHAPES))('%s as documented', (section, shape) => {
  test('lets in who the token says, and the rule of the page is for them', async () => {
    const { issuer, policy } = documented(section)
    const verdict = await verify(issuer, shape)
    if (verdict.kind !== 'principal') throw new Error(verdict.detail)
    const { subject, actor, groups } = shape
    expect(verdict.principal).toMatchObject({ subject, actor, groups, issuer: issuer.issuer })
    expect(mayRead(policy, verdict.principal)).toBe(true)
  })

  test('gives strangers nothing', async () => {
    const { issuer, policy } = documented(section)
    for (const stranger of shape.strangers) {
      const verdict = await verify(issuer, { ...shape, claims: { ...shape.claims, ...stranger } })
      const gotIn = verdict.kind === 'principal' && mayRead(policy, verdict.principal)
      expect(gotIn, JSON.stringify(stranger)).toBe(false)
    }
  })
})

test('Entra’s groups overage refuses the token and says so, where groups are asked for', async () => {
  const { issuer } = documented('Entra ID')
  const entra = SHAPES['Entra ID']
  if (entra === undefined) throw new Error('no shape')
  const overages: readonly Claims[] = [
    {
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: 'https://graph.microsoft.com/v1.0/users/{id}/getMemberObjects' } },
    },
    { hasgroups: true },
  ]
  for (const overage of overages) {
    const shape = { ...entra, claims: { ...entra.claims, ...overage } }
    const verdict = await verify({ ...issuer, groupsClaim: 'groups' }, shape)
    expect(verdict).toMatchObject({ code: 'INVALID_CLAIM', message: expect.stringContaining('groups overage') })
    // App roles have none.
    expect(await verify(issuer, shape)).toMatchObject({ kind: 'principal' })
  }
})

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { Coordination, GatewayLease, Identity, NewGrant, NewRevocation } from '@gatehouse/coordination'

/** The page at an address, over a coordination that the test holds in its hand. */
export interface PageHost {
  readonly url: string
  /** What the page was answered with an error, and what it asked for without its CSRF token. */
  readonly complaints: readonly string[]
  /** Closes every stream of changes, as a service that restarts. New ones are refused until `reconnect`. */
  readonly cut: () => void
  readonly reconnect: () => void
  readonly stop: () => Promise<void>
}

export interface PageHostOptions {
  /** The built page. */
  readonly folder: string
  readonly coordination: Coordination
  /** The gateway whose sessions are ended. */
  readonly gateway: GatewayLease
  readonly identity: Identity
  readonly policy: string
}

/** What the admin service sends with the page: the page must live with it. */
const SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
const KINDS: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}
const CSRF = 'csrf-of-the-test'
const TIMES = new Set(['createdAt', 'endedAt', 'openUntil', 'at', 'since', 'until', 'usedAt', 'startedAt'])

/**
 * The page and as much of the admin service's API as the page uses, over a real coordination. It decides nothing: whether somebody
 * may is the service's business, and tested there.
 */
export async function startPageHost(options: PageHostOptions): Promise<PageHost> {
  const { coordination, folder, identity } = options
  const { approvals, sessions, grants, revocations } = coordination
  const complaints: string[] = []
  const streams = new Set<ServerResponse>()
  let refusesStreams = false
  const tell = (event: string, data: object): void => {
    for (const stream of streams) stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }
  const ends = [
    approvals.watch((event) => {
      tell(event.kind === 'resync' ? 'resync' : 'approval', event)
    }),
    grants.onChange(() => {
      tell('grant', {})
    }),
    revocations.onChange(() => {
      tell('revocation', {})
    }),
  ]
  let seen = ''
  const timer = setInterval(() => {
    void sessions.list().then((list) => {
      const now = JSON.stringify(list)
      if (now !== seen) tell('session', {})
      seen = now
    })
  }, 200)

  const decide = async (id: string, verdict: 'approve' | 'refuse', body: Body): Promise<unknown> => {
    const asked = await approvals.get(id)
    const outcome = await approvals.decide(
      id,
      { by: identity, verdict, reason: body.reason ?? null, through: 'page' },
      body.expectWaiters === undefined ? {} : { expectWaiters: body.expectWaiters },
    )
    if (outcome.kind === 'decided' && body.grant !== undefined && asked !== null) {
      const { principal, target, rules, statement } = asked.request
      const { actions, relations, fingerprint, doings } = statement
      await grants.give({
        principal,
        target,
        rules,
        covers:
          body.grant.covers === 'actions'
            ? { kind: 'actions', actions, relations }
            : { kind: 'fingerprint', fingerprint, actions: doings, relations },
        until: Date.now() + body.grant.seconds * 1000,
        uses: body.grant.uses ?? null,
        unmask: [],
        by: identity,
        approval: id,
        reason: body.reason ?? null,
      } satisfies NewGrant)
    }
    return outcome
  }

  const answer = async (method: string, path: readonly string[], url: URL, body: Body): Promise<unknown> => {
    const [, resource, id = '', verb] = path
    switch (`${method} ${resource ?? ''}${id === '' ? '' : '/:id'}${verb === undefined ? '' : `/${verb}`}`) {
      case 'GET me':
        return { identity, roles: ['approver', 'operator', 'auditor'], csrfToken: CSRF }
      case 'GET approvals': {
        const pending = url.searchParams.get('state') === 'pending'
        return { approvals: await approvals.list({ limit: 500, ...(pending ? { state: 'pending' } : {}) }) }
      }
      case 'GET approvals/:id': {
        const approval = await approvals.get(id)
        return approval === null ? null : { approval }
      }
      case 'POST approvals/:id/approve':
      case 'POST approvals/:id/refuse':
        return decide(id, verb === 'approve' ? 'approve' : 'refuse', body)
      case 'GET sessions':
        return { sessions: await sessions.list() }
      case 'POST sessions/:id/end':
        await options.gateway.leave(id)
        return { ended: true }
      case 'GET grants':
        return { grants: await grants.list() }
      case 'DELETE grants/:id':
        return { revoked: await grants.revoke(id) }
      case 'GET revocations':
        return { revocations: await revocations.list() }
      case 'POST revocations':
        return revocations.revoke({
          what: body.what as NewRevocation['what'],
          reason: body.reason ?? '',
          by: identity,
          until: null,
        })
      case 'DELETE revocations/:id':
        return { lifted: await revocations.lift(id) }
      case 'GET policy':
        return { text: options.policy, version: '7f3a91c2' }
      default:
        return null
    }
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://page')
    response.setHeader('content-security-policy', SECURITY_POLICY)
    if (url.pathname === '/login') {
      response.writeHead(302, { location: '/', 'set-cookie': 'session=1; HttpOnly; SameSite=Strict' }).end()
      return
    }
    if (!url.pathname.startsWith('/v1/') && url.pathname !== '/logout') {
      await file(folder, url.pathname, response)
      return
    }
    const method = request.method ?? 'GET'
    const reject = (status: number, message: string): void => {
      // Nobody is signed in at first: that is asked and answered, not complained about.
      if (status !== 401) complaints.push(`${method} ${url.pathname}: ${message}`)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: { code: 'NO', message, hint: 'Look at the test.' } }))
    }
    if (request.headers.cookie !== 'session=1') {
      reject(401, 'Nobody is signed in.')
      return
    }
    if (method !== 'GET' && request.headers['x-csrf-token'] !== CSRF) {
      reject(403, 'The CSRF token is missing.')
      return
    }
    if (url.pathname === '/logout') {
      response.writeHead(204, { 'set-cookie': 'session=; Max-Age=0' }).end()
      return
    }
    if (url.pathname === '/v1/events') {
      if (refusesStreams) {
        response.writeHead(503).end()
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      response.write('event: ping\ndata: {}\n\n')
      streams.add(response)
      response.once('close', () => streams.delete(response))
      return
    }
    const path = url.pathname.slice(1).split('/').map(decodeURIComponent)
    const value = await answer(method, path, url, JSON.parse((await textOf(request)) || '{}') as Body)
    if (value === null) reject(404, 'There is no such thing.')
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value, withMoments))
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      complaints.push(String(error))
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    complaints,
    cut: () => {
      refusesStreams = true
      for (const stream of streams) stream.destroy()
    },
    reconnect: () => {
      refusesStreams = false
    },
    stop: async () => {
      clearInterval(timer)
      for (const end of ends) end()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Body {
  readonly reason?: string
  readonly expectWaiters?: number
  readonly grant?: { readonly covers: 'fingerprint' | 'actions'; readonly seconds: number; readonly uses?: number }
  readonly what?: object
}

/** The API's moments are ISO 8601 texts; a coordination's are milliseconds. */
function withMoments(key: string, value: unknown): unknown {
  return TIMES.has(key) && typeof value === 'number' ? new Date(value).toISOString() : value
}

async function file(folder: string, path: string, response: ServerResponse): Promise<void> {
  const name = path === '/' ? 'index.html' : path
  try {
    const bytes = await readFile(join(folder, name))
    response.writeHead(200, { 'content-type': KINDS[extname(name)] ?? 'application/octet-stream' }).end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the Vault is filled with, and the times it goes by. */
export interface LoopbackVaultOptions {
  /** Accepted as `auth/approle/login`; the secret id. */
  readonly secretId?: string
  /** Accepted as `auth/kubernetes/login`; the token of the service account. */
  readonly serviceAccountToken?: string
  /** Kept secrets by path, under the mount `secret`. */
  readonly kept?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What makes and drops a user of the role `app`, under the mount `database`. */
  readonly users?: { make(user: string, password: string): Promise<void>; drop(user: string): Promise<void> }
  readonly leaseSeconds?: number
  /** From the start of a lease to the end of its last renewal. Default: no end. */
  readonly maxLeaseSeconds?: number
  readonly tokenSeconds?: number
  readonly namespace?: string
}

interface Lease {
  readonly user: string
  readonly startedAt: number
  endsAt: number
}

/** A server that speaks as much of Vault's documented HTTP API as the gateway uses, with its status codes and its words. */
export class LoopbackVault {
  readonly #serving = new Set<Promise<void>>()
  readonly #server = createServer((request, response) => {
    const serving = this.#serve(request, response).finally(() => this.#serving.delete(serving))
    this.#serving.add(serving)
  })
  readonly #options: LoopbackVaultOptions
  /** Tokens that are good, and until when (milliseconds of `Date.now`). */
  readonly tokens: Map<string, number> = new Map([['root-token', Infinity]])
  readonly leases: Map<string, Lease> = new Map()
  /** What was asked, as `POST sys/leases/renew`. */
  readonly asked: string[] = []
  /** Answers 503, as a sealed Vault does. */
  sealed = false
  /** Renewals are refused. */
  renewsNothing = false
  url = ''

  private constructor(options: LoopbackVaultOptions) {
    this.#options = options
  }

  static async start(options: LoopbackVaultOptions = {}): Promise<LoopbackVault> {
    const vault = new LoopbackVault(options)
    await new Promise<void>((resolve) => vault.#server.listen(0, '127.0.0.1', resolve))
    vault.url = `http://127.0.0.1:${(vault.#server.address() as AddressInfo).port}`
    return vault
  }

  /** Ends a lease as an operator does: the user is gone. */
  async revoke(id: string): Promise<void> {
    const lease = this.leases.get(id)
    if (lease === undefined) return
    this.leases.delete(id)
    await this.#options.users?.drop(lease.user)
  }

  /** Ends once nobody makes or drops a user any more. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
    // What was asked goes on without whoever asked.
    await Promise.all(this.#serving)
    for (const id of this.leases.keys()) await this.revoke(id)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, answer: object | null): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(answer === null ? '' : JSON.stringify(answer))
    }
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const path = (request.url ?? '').replace(/^\/v1\//, '')
      this.asked.push(`${request.method} ${path}`)
      const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)
      if (this.sealed) return say(503, { errors: ['Vault is sealed'] })
      if ((request.headers['x-vault-namespace'] ?? undefined) !== this.#options.namespace)
        return say(404, { errors: ['no handler for route'] })
      const token = String(request.headers['x-vault-token'] ?? '')
      await this.#answer(`${request.method} ${path}`, body, token, say)
    } catch (error) {
      say(500, { errors: [String(error)] })
    }
  }

  async #answer(
    asked: string,
    body: Record<string, unknown>,
    token: string,
    say: (status: number, answer: object | null) => void,
  ): Promise<void> {
    const { secretId, serviceAccountToken, kept = {}, tokenSeconds = 3600 } = this.#options
    const granted = (renewed: string): object => ({
      auth: { client_token: renewed, lease_duration: tokenSeconds, renewable: true },
    })
    if (asked === 'POST auth/approle/login' || asked === 'POST auth/kubernetes/login') {
      const right = asked.includes('approle')
        ? secretId !== undefined && body['secret_id'] === secretId && body['role_id'] === 'gatehouse'
        : serviceAccountToken !== undefined && body['jwt'] === serviceAccountToken && body['role'] === 'gatehouse'
      if (!right) return say(400, { errors: ['invalid role or secret ID'] })
      const fresh = `hvs.${randomBytes(24).toString('base64url')}`
      this.tokens.set(fresh, Date.now() + tokenSeconds * 1000)
      return say(200, granted(fresh))
    }
    if ((this.tokens.get(token) ?? 0) < Date.now()) return say(403, { errors: ['permission denied'] })
    if (asked === 'GET auth/token/lookup-self')
      return say(200, { data: { ttl: token === 'root-token' ? 0 : tokenSeconds, renewable: token !== 'root-token' } })
    if (asked === 'POST auth/token/renew-self') {
      this.tokens.set(token, Date.now() + tokenSeconds * 1000)
      return say(200, granted(token))
    }
    if (asked === 'POST auth/token/revoke-self') {
      this.tokens.delete(token)
      return say(204, null)
    }
    const path = /^GET secret\/data\/(.+)$/.exec(asked)?.[1]
    if (path !== undefined) {
      const secret = kept[decodeURIComponent(path)]
      return secret === undefined
        ? say(404, { errors: [] })
        : say(200, { data: { data: secret, metadata: { version: 1 } } })
    }
    if (asked === 'GET database/creds/app') return this.#make(say)
    if (asked === 'POST sys/leases/renew') return this.#renew(String(body['lease_id']), say)
    if (asked === 'POST sys/leases/revoke') {
      await this.revoke(String(body['lease_id']))
      return say(204, null)
    }
    return say(404, { errors: ['no handler for route'] })
  }

  async #make(say: (status: number, answer: object) => void): Promise<void> {
    const { users, leaseSeconds = 60 } = this.#options
    const user = `v-app-${randomBytes(6).toString('hex')}`
    const password = `pw-${randomBytes(12).toString('hex')}`
    await users?.make(user, password)
    const id = `database/creds/app/${randomBytes(9).toString('hex')}`
    this.leases.set(id, { user, startedAt: Date.now(), endsAt: Date.now() + leaseSeconds * 1000 })
    say(200, { lease_id: id, lease_duration: leaseSeconds, renewable: true, data: { username: user, password } })
  }

  async #renew(id: string, say: (status: number, answer: object) => void): Promise<void> {
    const lease = this.leases.get(id)
    if (lease !== undefined && lease.endsAt < Date.now()) await this.revoke(id)
    if (!this.leases.has(id) || lease === undefined) return say(400, { errors: ['lease not found'] })
    if (this.renewsNothing) return say(500, { errors: ['internal error'] })
    const { leaseSeconds = 60, maxLeaseSeconds = Infinity } = this.#options
    const most = lease.startedAt + maxLeaseSeconds * 1000
    lease.endsAt = Math.min(Date.now() + leaseSeconds * 1000, most)
    const left = Math.max(0, Math.round((lease.endsAt - Date.now()) / 1000))
    say(200, { lease_id: id, lease_duration: left, renewable: true })
  }
}

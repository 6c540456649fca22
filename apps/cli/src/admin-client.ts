import { readFileSync } from 'node:fs'
import { isLoopbackHost } from '@gatehouse/core'
import { CommandFailed, ExitStatus } from './exit-status.ts'

/** Where the admin service is, and who asks. */
export interface AdminOptions {
  readonly url?: string
  readonly tokenFile?: string
}

/** The admin service, as commands ask it. Every method rejects with `CommandFailed` when the answer is no. */
export class AdminClient {
  readonly #url: string
  readonly #token: string

  /** Address and token from the options, else from `GATEHOUSE_ADMIN_URL` and `GATEHOUSE_TOKEN`. Throws `CommandFailed`. */
  constructor({ url, tokenFile }: AdminOptions, environment: Readonly<Record<string, string | undefined>>) {
    const address = url ?? environment['GATEHOUSE_ADMIN_URL']
    const { protocol = '', hostname = '' } = URL.parse(address ?? '') ?? {}
    if (address === undefined || !/^https?:$/.test(protocol))
      throw new CommandFailed('Say where the admin service is: --url, or GATEHOUSE_ADMIN_URL.', ExitStatus.Usage)
    if (protocol === 'http:' && !isLoopbackHost(hostname))
      throw new CommandFailed(`A token is not sent in clear: ${address} must be https://.`, ExitStatus.Usage)
    const token = tokenFile === undefined ? environment['GATEHOUSE_TOKEN'] : readToken(tokenFile)
    if (token === undefined || token === '')
      throw new CommandFailed('Say who you are: --token-file, or GATEHOUSE_TOKEN.', ExitStatus.Usage)
    this.#url = address.replace(/\/+$/, '')
    this.#token = token
  }

  get(path: string): Promise<unknown> {
    return this.#call('GET', path)
  }

  post(path: string, body: object): Promise<unknown> {
    return this.#call('POST', path, body)
  }

  delete(path: string): Promise<unknown> {
    return this.#call('DELETE', path)
  }

  /** Every event of the service, by name, until it ends the stream. */
  async *events(): AsyncGenerator<string> {
    const response = await this.#fetch('GET', '/v1/events')
    if (!response.ok) throw await refusal(response)
    if (response.body === null) return
    let rest = ''
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const name = /^event: (\w+)$/m.exec(block)?.[1]
        if (name !== undefined) yield name
      }
    }
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await this.#fetch(method, path, body)
    if (!response.ok) throw await refusal(response)
    return response.status === 204 ? null : await response.json()
  }

  async #fetch(method: string, path: string, body?: object): Promise<Response> {
    try {
      return await fetch(this.#url + path, {
        method,
        redirect: 'error',
        headers: {
          authorization: `Bearer ${this.#token}`,
          'x-gatehouse-client': 'cli',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
      throw new CommandFailed(`${this.#url} was not reached: ${cause}`)
    }
  }
}

async function refusal(response: Response): Promise<CommandFailed> {
  const said: unknown = await response.json().catch(() => null)
  const error = typeof said === 'object' && said !== null ? (Reflect.get(said, 'error') as unknown) : null
  if (typeof error !== 'object' || error === null) return new CommandFailed(`The service answered ${response.status}.`)
  const [code, message, hint] = ['code', 'message', 'hint'].map((name) => String(Reflect.get(error, name)))
  return new CommandFailed(`${code ?? ''}: ${message ?? ''} ${hint ?? ''}`.trim())
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (error) {
    throw new CommandFailed(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      ExitStatus.Usage,
    )
  }
}

import { Readable, Transform } from 'node:stream'
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

const ATTEMPTS = 3
const CONNECT_MILLISECONDS = 2000
const ATTEMPT_MILLISECONDS = 4000
/** The largest answer that is read, in bytes. A secret has at most 64 KiB, JSON in JSON may double it. */
const MAX_ANSWER_BYTES = 256 * 1024

/** A client of the service whose attempts and answers are bounded. Loads the library. */
export async function openSecretsManager(where: {
  readonly region: string
  readonly endpoint: string | null
}): Promise<SecretsManagerClient> {
  const { SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager')
  const client = new SecretsManagerClient({
    region: where.region,
    ...(where.endpoint === null ? {} : { endpoint: where.endpoint }),
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MILLISECONDS,
      requestTimeout: ATTEMPT_MILLISECONDS,
      throwOnRequestTimeout: true,
    },
  })
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      boundBody(result.response)
      return result
    },
    // The last before the answer itself.
    { name: 'boundAnswer', step: 'deserialize', priority: 'low' },
  )
  return client
}

function boundBody(response: unknown): void {
  if (typeof response !== 'object' || response === null || !('body' in response)) return
  const { body } = response
  if (!(body instanceof Readable)) return
  let bytes = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      if (bytes <= MAX_ANSWER_BYTES) done(null, chunk)
      else done(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`))
    },
  })
  bounded.once('close', () => body.destroy())
  body.once('error', (error) => bounded.destroy(error))
  response.body = body.pipe(bounded)
}

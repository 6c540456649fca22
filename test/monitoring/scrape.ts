import { request } from 'node:http'

/** A scrape: every value by its name and labels as they stand there. */
export class Scrape {
  readonly text: string
  readonly #values = new Map<string, number>()

  constructor(text: string) {
    this.text = text
    for (const line of text.split('\n')) {
      const [, series, value] = /^([^#\s][^\s{]*(?:\{.*\})?) (\S+)$/.exec(line) ?? []
      if (series !== undefined) this.#values.set(series, Number(value))
    }
  }

  /** The value of `name` with just these labels, in the order of the scrape; 0 where there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const list = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    return this.#values.get(list.length === 0 ? name : `${name}{${list.join(',')}}`) ?? 0
  }

  /** Names of everything that has a value, with the suffixes of histograms. */
  get names(): ReadonlySet<string> {
    return new Set([...this.#values.keys()].map((series) => series.replace(/\{.*$/, '')))
  }
}

/** What stands at a path of a monitoring listener. */
export async function askMonitoring(
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  method = 'GET',
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  request({ host, port, path, method, agent: false }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (text: string) => (body += text))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
  })
    .on('error', reject)
    .end()
  return promise
}

/** Scrapes the metrics once. */
export async function scrape(address: { readonly host: string; readonly port: number } | null): Promise<Scrape> {
  if (address === null) throw new Error('the gateway is not watched')
  const { status, body } = await askMonitoring(address, '/metrics')
  if (status !== 200) throw new Error(`/metrics answered ${String(status)}: ${body}`)
  return new Scrape(body)
}

import type { Bind, Close, Describe, Execute, FrontendMessage, NamedTarget, Parse } from '@gatehouse/postgres-wire'

/** The requests of the extended protocol, short enough to read a pipeline as a line. */
export const parse = (text: string, name = ''): Parse => ({ kind: 'Parse', name, text, parameterTypes: [] })

export const bind = (parameters: readonly (string | null)[] = [], statement = '', portal = ''): Bind => ({
  kind: 'Bind',
  portal,
  statement,
  parameterFormats: [],
  parameters: parameters.map((value) => (value === null ? null : Buffer.from(value))),
  resultFormats: [],
})

export const execute = (maxRows = 0, portal = ''): Execute => ({ kind: 'Execute', portal, maxRows })

export const describeOf = (target: NamedTarget, name = ''): Describe => ({ kind: 'Describe', target, name })

export const closeOf = (target: NamedTarget, name = ''): Close => ({ kind: 'Close', target, name })

export const query = (text: string): FrontendMessage => ({ kind: 'Query', text })

export const SYNC: FrontendMessage = { kind: 'Sync' }
export const FLUSH: FrontendMessage = { kind: 'Flush' }

/** Parse, Bind and Execute of one text. */
export const run = (text: string, ...parameters: readonly (string | null)[]): FrontendMessage[] => [
  parse(text),
  bind(parameters),
  execute(),
]

import { expect } from 'vitest'

/** What a JavaScript driver throws for an ErrorResponse. */
export interface ServerError {
  readonly message: string
  readonly code?: string
  readonly severity?: string
  readonly detail?: string
  readonly hint?: string
}

/** The error of something that must fail. Throws when it succeeds. */
export async function refusalOf(running: PromiseLike<unknown>): Promise<ServerError> {
  try {
    await running
  } catch (error) {
    if (error instanceof Error) return error
    throw error
  }
  throw new Error('it was not refused')
}

/** Expects a refusal of the gateway with everything that it has to say. */
export function isGatehouseRefusal(error: ServerError, sqlstate = '42501'): void {
  expect({ code: error.code, message: error.message }).toEqual({
    code: sqlstate,
    message: expect.stringMatching(/^gatehouse: /) as string,
  })
  expect(Object.keys(JSON.parse(error.detail ?? 'null') as object)).toEqual(
    expect.arrayContaining(['code', 'rule', 'object']),
  )
  expect(error.hint).toMatch(/\w/)
}

/** Expects a refusal of the gateway in MySQL's words. */
export function isMysqlRefusal(error: unknown, errno = 1227): void {
  expect(error).toMatchObject({ errno, message: expect.stringMatching(/gatehouse: /) as string })
}

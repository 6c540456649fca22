import { beforeAll, expect, test } from 'vitest'
import type { Driver, LoginProgram } from './driver.ts'
import { type Login, type LoginGateway, MASKED } from './login-gateway.ts'
import { type Cell, cellOn } from './login-ways.ts'
import { type Outcome, runLogins } from './run-logins.ts'

/** One test per cell of the driver's row and target; the program runs once for all of them. `refusal`: the code of a refused drop. */
export function testsOfCells<Way extends string>(
  { ways }: Driver<Way>,
  program: LoginProgram,
  targets: readonly string[],
  gateway: () => LoginGateway,
  login: (way: Way, target: string) => Promise<Login>,
  refusal: string,
): void {
  const cells = (Object.entries(ways) as [Way, Cell][]).flatMap(([way, cell]) =>
    targets.map((target) => ({ way, target, cell: cellOn(cell, target) })),
  )
  let outcomes: readonly Outcome[] = []
  let said = ''
  const secrets: string[] = []
  beforeAll(async () => {
    const attempts = await Promise.all(
      cells.map(async ({ way, target }) => ({ way, target, ...(await login(way, target)) })),
    )
    secrets.push(...attempts.map(({ secret }) => secret))
    const ran = await runLogins(program, gateway().place, attempts)
    outcomes = ran.outcomes
    said = ran.said
  }, 130_000)

  test.each(cells)('$way to $target', ({ way, cell, target }) => {
    const outcome = outcomes.find((one) => one.way === way && one.target === target)
    if (outcome === undefined) expect.fail(`the program did not come to it; it said:\n${said}`)
    if (cell.kind === 'no') {
      expect(outcome).toMatchObject({ in: false, value: '', message: expect.stringMatching(cell.error) as unknown })
    } else {
      const message = expect.stringMatching(/gatehouse: .*Nothing is dropped here/) as unknown
      expect(outcome, said).toMatchObject({ in: true, value: MASKED, code: refusal, message })
    }
  })

  test('sends no secret that could be read on the way', () => {
    const sent = gateway().wiretap.sent()
    // What comes without TLS is seen: the name is, where TLS was turned off.
    expect(sent).toContain('copilot')
    for (const secret of secrets.filter((one) => one !== '')) expect(sent).not.toContain(secret)
  })
}

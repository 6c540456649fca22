// What Node's programs of checks share: the hand-over, which comes on standard input, and named checks of one line of JSON each.
import { deepStrictEqual, ok } from 'node:assert'
import { readFileSync } from 'node:fs'

export const handover = JSON.parse(readFileSync(0, 'utf8'))

/** Runs one check; it fails by throwing. */
export async function check(promise, body) {
  let detail = ''
  try {
    await body()
  } catch (error) {
    detail = String(error?.stack ?? error)
  }
  console.log(JSON.stringify({ check: promise, ok: detail === '', detail }))
}

/** Nothing hidden stands in this. */
export function hides(shown) {
  const said = JSON.stringify(shown)
  for (const value of handover.hidden) ok(!said.includes(value), `${value} was shown`)
}

/** What `look` finds by these two ways in must be the same, with nothing hidden in it. */
export async function sameBothWays(look, through, straight) {
  const [seen, wanted] = [await look(through), await look(straight)]
  hides(seen)
  deepStrictEqual(seen, wanted)
}

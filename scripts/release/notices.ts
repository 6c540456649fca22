import type { PackageIn } from './packages-in.ts'

const RULE = '-'.repeat(80)

/** What may be in a release of ours under Apache-2.0; another ends the build, for somebody has to read it first. */
const TAKEN = [
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
  'PostgreSQL',
]

/** The text of THIRD-PARTY-NOTICES: each package with its licence and its own words. Throws for a licence nobody has taken. */
export function noticesOf(packages: readonly PackageIn[]): string {
  const parts = packages.map(({ name, version, license, texts }) => {
    const offers = license.replaceAll(/[()]/g, '').split(/ (?:OR|AND) /)
    if (!offers.every((offer) => TAKEN.includes(offer)))
      throw new Error(
        `${name} ${version} is under ${license}, which is not among ${TAKEN.join(', ')} (scripts/release/notices.ts)`,
      )
    const text =
      texts.length === 0 ? `(It holds no text of its licence; its manifest says ${license}.)` : texts.join('\n\n')
    return `${name} ${version} (${license})\n\n${text.replaceAll('\r\n', '\n')}\n`
  })
  return [`Parts of others that are in this release of Gatehouse, with their licences.\n`, ...parts].join(`\n${RULE}\n`)
}

import type { IssuerConfig } from '@gatehouse/identity'

/** What is wrong with issuers that are each right by themselves, and where: the path begins at the list. */
export function issuerListFaults(
  issuers: readonly IssuerConfig[],
): readonly { readonly path: (string | number)[]; readonly message: string }[] {
  const found: { readonly path: (string | number)[]; readonly message: string }[] = []
  let opaque = 0
  for (const [index, { issuer, introspection }] of issuers.entries()) {
    if (issuers.findIndex((other) => other.issuer === issuer) !== index) {
      found.push({ path: [index, 'issuer'], message: 'is listed twice; one entry can hold several audiences' })
    }
    if (introspection?.opaqueTokens !== true) continue
    opaque += 1
    if (opaque === 1) continue
    found.push({
      path: [index, 'introspection', 'opaqueTokens'],
      message: 'is true for another issuer too: a token that says nothing can be sent to one issuer alone',
    })
  }
  return found
}

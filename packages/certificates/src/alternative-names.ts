/** One subject alternative name, its kind as OpenSSL prints it: `DNS`, `email`, `URI`, `IP Address`, `DirName`, `othername`, … */
export interface SubjectAlternativeName {
  readonly kind: string
  readonly value: string
}

// Node quotes, as JSON, each value that holds a comma, a quote or what is not printable: the list can be taken apart one way only.
const NAME = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, (?=[A-Za-z])|$)/y

/** The names in the text that `X509Certificate.subjectAltName` is; undefined has none. Null: the text is not a list of names. */
export function readAlternativeNames(text: string | undefined): readonly SubjectAlternativeName[] | null {
  if (text === undefined) return []
  const names: SubjectAlternativeName[] = []
  NAME.lastIndex = 0
  while (NAME.lastIndex < text.length) {
    const [whole, kind = '', value = ''] = NAME.exec(text) ?? []
    if (whole === undefined) return null
    names.push({ kind, value: value.startsWith('"') ? String(JSON.parse(value)) : value })
  }
  return names
}

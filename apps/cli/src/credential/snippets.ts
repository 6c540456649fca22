/** What a snippet is made for. */
export interface SnippetPlace {
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  /** How `gatehouse` is run on this machine: the program, and what stands before the command's name. */
  readonly program: readonly [string, ...string[]]
}

/** Whom there are snippets for. */
export const SNIPPETS = ['claude-code', 'copilot', 'cursor', 'mcp', 'psql', 'mysql'] as const
export type SnippetName = (typeof SNIPPETS)[number]

/** The MCP server that snippets name: it takes its connection string from the environment. */
const MCP_SERVER = ['npx', '-y', '@bytebase/dbhub@1.4.0', '--transport', 'stdio'] as const

/** What to put where. Holds no secret: each start of the program gets a credential of its own. */
export function snippet(name: SnippetName, place: SnippetPlace): string {
  const { target } = place
  const server = mcpServer(place)
  switch (name) {
    case 'claude-code':
      return `# Claude Code: .mcp.json in your project
${json({ mcpServers: { [target]: server } })}
# or, the same by its own command:
claude mcp add-json ${target} ${shellQuoted(JSON.stringify(server))}
`
    case 'copilot':
      return `# GitHub Copilot in VS Code: .vscode/mcp.json in your project
${json({ servers: { [target]: { type: 'stdio', ...server } } })}`
    case 'cursor':
      return `# Cursor: .cursor/mcp.json in your project
${json({ mcpServers: { [target]: server } })}`
    case 'mcp':
      return `# Any MCP client: the server as a command that speaks on its standard input and output
${[server.command, ...server.args].map(shellWord).join(' ')}
`
    case 'psql':
      return `${exec(place, [])} -- psql\n`
    case 'mysql':
      return `${exec(place, [])} -- sh -c 'mysql --protocol=tcp --user="$MYSQL_USER" --ssl-ca="$MYSQL_SSL_CA" "$MYSQL_DATABASE"'\n`
    default:
      throw name satisfies never
  }
}

function mcpServer(place: SnippetPlace): { readonly command: string; readonly args: readonly string[] } {
  const [command, ...first] = place.program
  const dsn = place.engine === 'postgres' ? 'DSN={uri}' : 'DSN={uri}?sslmode=require'
  return { command, args: [...first, 'exec', '--target', place.target, '--env', dsn, '--', ...MCP_SERVER] }
}

function exec({ program, target }: SnippetPlace, more: readonly string[]): string {
  return [...program, 'exec', '--target', target, ...more].map(shellWord).join(' ')
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9@%_+=:,./-]+$/.test(text) ? text : shellQuoted(text)
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

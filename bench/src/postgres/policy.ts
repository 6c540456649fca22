/** The policy of every measurement: full enforcement, as a shop would have it, with limits that are never reached. */
export const POLICY = `
rules:
  - name: agents-read
    who: { groups: [ai-agents] }
    target: shop
    allow: { actions: [select, explain, copy_to, fetch, declare_cursor, prepare, execute], relations: [public.*] }
  - name: agents-look-at-the-catalog
    who: { groups: [ai-agents] }
    allow: { actions: [select], relations: [pg_catalog.*, information_schema.*], functions: ["*"] }
  - name: agents-write-orders
    who: { groups: [ai-agents] }
    target: shop
    allow: { actions: [insert, update, delete], relations: [public.orders, public.order_items] }
  - name: agents-set-the-path
    who: { groups: [ai-agents] }
    allow: { settings: [search_path] }
  - name: people-do-more
    who: { groups: [engineers], claims: { env: [staging, "dev-*"] } }
    allow: { actions: [write, ddl], relations: ["public.*"] }
  - name: never
    deny: { actions: [drop, truncate, alter_role, grant, revoke], unboundedWrites: true, functions: [pg_read_file, "dblink*", "lo_*"] }
    reason: Destructive commands are not for agents. Open a change request.
  - name: no-server-files
    deny: { files: true, programs: true }
    reason: The server's files are not for agents.
  - name: vault
    deny: { relations: ["vault.*"] }
    reason: The vault is not for agents.
masks:
  - columns: [public.people_masked.email]
    with: email
  - columns: [public.people_masked.ssn]
    with: { partial: { keepLast: 4 } }
  - name: cards
    columns: ["*.card_number"]
    with: redact
limits:
  - { name: agents, who: { groups: [ai-agents] }, rowsPerStatement: 1000000, statementsPerMinute: 1000000000 }
`

/** The policy of every measurement: that of PostgreSQL's in MySQL's words. */
export const POLICY = `
rules:
  - name: agents-read
    who: { groups: [ai-agents] }
    target: shop
    allow: { actions: [select, explain, prepare, execute], relations: [shop.*] }
  - name: agents-look-at-the-catalog
    who: { groups: [ai-agents] }
    allow: { actions: [select, show], relations: [information_schema.*], functions: ["*"] }
  - name: agents-write-orders
    who: { groups: [ai-agents] }
    target: shop
    allow: { actions: [insert, update, delete], relations: [shop.orders, shop.order_items, shop.sbtest1] }
  - name: agents-set-names
    who: { groups: [ai-agents] }
    allow: { settings: [character_set_results] }
  - name: people-do-more
    who: { groups: [engineers], claims: { env: [staging, "dev-*"] } }
    allow: { actions: [write, ddl], relations: ["shop.*"] }
  - name: never
    deny: { actions: [drop, truncate, grant, revoke], unboundedWrites: true, functions: [load_file, "sys_*"] }
    reason: Destructive commands are not for agents. Open a change request.
  - name: no-server-files
    deny: { files: true, programs: true }
    reason: The server's files are not for agents.
  - name: vault
    deny: { relations: ["vault.*"] }
    reason: The vault is not for agents.
masks:
  - columns: [shop.people_masked.email]
    with: email
  - columns: [shop.people_masked.ssn]
    with: { partial: { keepLast: 4 } }
  - name: cards
    columns: ["*.card_number"]
    with: redact
limits:
  - { name: agents, who: { groups: [ai-agents] }, rowsPerStatement: 1000000, statementsPerMinute: 1000000000 }
`
